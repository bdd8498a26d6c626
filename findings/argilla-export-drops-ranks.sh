#!/usr/bin/env bash
# argilla 2.8.0 (the Python SDK).
#
# A ranking's response is, on the server, a list of values each with its rank; the page where people
# rank sends the options in the order of the question, and what was dragged where stands in `rank`.
#
# Expected: the SDK gives the options back in the order of their ranks, or with their ranks, so that
# records.to_list, to_json, to_datasets hold what people answered. Two options of one rank are a tie.
# Seen: the SDK keeps the values in the order of the list and throws the ranks away. Three people who
# rank differently, one of them with a tie, come out alike: ['a', 'b', 'c'] for each of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check argilla==2.8.0 requests==2.32.5
"$folder/venv/bin/python" - <<'PY'
from types import SimpleNamespace
from uuid import UUID

from argilla import RankingQuestion
from argilla._models import UserResponseModel
from argilla.responses import UserResponse

question = RankingQuestion.__new__(RankingQuestion)  # as it is made without a server
settings = SimpleNamespace(questions={"best": question})
record = SimpleNamespace(dataset=SimpleNamespace(settings=settings))


def response(number, **ranks):
    """What the server holds of one person's answer."""
    values = [{"value": value, "rank": rank} for value, rank in ranks.items()]
    return UserResponseModel(
        values={"best": {"value": values}}, status="submitted", user_id=UUID(int=number)
    )


answers = [
    response(1, a=1, b=2, c=3), response(2, a=3, b=1, c=2), response(3, a=1, b=1, c=3),
]
seen = [UserResponse.from_model(one, record=record).responses[0].value for one in answers]
print("ranked a-b-c, b-c-a and a=b-c; the SDK gives:", seen)
assert seen == [["a", "b", "c"]] * 3, "the SDK keeps ranks now"
PY
