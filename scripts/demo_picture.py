"""The picture of the demo's dependency graph."""

from __future__ import annotations

from pathlib import Path

from demo_client import Shipmate, look_until
from shipmate.msg import GraphEdge
from shipmate.srv import GetDependencyGraph

SEEN_WITHIN_SECONDS = 10.0
# The demo has one of each at least.
KINDS = {
    GraphEdge.KIND_DEPENDENCY,
    GraphEdge.KIND_TOPIC,
    GraphEdge.KIND_SERVICE,
    GraphEdge.KIND_ACTION,
}


def write_picture(shipmate: Shipmate, file: Path) -> str:
    """Draw who depends on whom and who talks to whom; a sentence that says where it is, or why not."""
    answers: list[GetDependencyGraph.Response] = []

    def look() -> bool:
        # The demo's own client is no part of it.
        answer = shipmate.graph(ros_details=True, without_external=True, format="svg")
        answers.append(answer)
        return not answer.success or {it.kind for it in answer.graph.edges} == KINDS

    # DDS may not have told of all ends yet; what there is by then is drawn.
    look_until(look, SEEN_WITHIN_SECONDS)
    answer = answers[-1]
    if not answer.success:
        return f"it cannot be drawn: {answer.message}"
    file.write_text(answer.text, encoding="utf-8")
    return (
        f"{len(answer.graph.nodes)} deployments with {len(answer.graph.edges)} relationships: "
        f"open {file} in a browser"
    )
