#!/usr/bin/env bash
# Label Studio 1.23.2.
#
# Expected: an annotation that is imported without the key ground_truth is an ordinary annotation,
# as one that is made in the interface is, and as the API's own model has it (default: False).
# Seen: every imported annotation without the key becomes ground truth. A project whose votes were
# imported (from a spreadsheet, a crowd, another tool) exports all of them as "ground_truth": true.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check label-studio==1.23.2
cat > "$folder/try.py" <<'PY'
import os
import sys
import warnings

warnings.simplefilter("ignore")
os.environ |= {
    "DJANGO_DB": "sqlite", "LABEL_STUDIO_BASE_DATA_DIR": sys.argv[1], "LATEST_VERSION_CHECK": "0",
    "DJANGO_SETTINGS_MODULE": "label_studio.core.settings.label_studio", "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "", "COLLECT_ANALYTICS": "false",
}
import label_studio

sys.path.insert(0, os.path.dirname(label_studio.__file__))
import django

django.setup()
from django.core.management import call_command

call_command("migrate", "--noinput", verbosity=0)
from data_import.serializers import ImportApiSerializer
from organizations.models import Organization
from projects.models import Project
from tasks.models import Annotation
from users.models import User

boss = User.objects.create(email="boss@example.org", username="boss")
organization = Organization.create_organization(created_by=boss, title="o")
boss.active_organization = organization
boss.save()
config = (
    '<View><Text name="t" value="$text"/><Choices name="tone" toName="t">'
    '<Choice value="kind"/><Choice value="rude"/></Choices></View>'
)
result = [{"from_name": "tone", "to_name": "t", "type": "choices", "value": {"choices": ["kind"]}}]
seen = {}
for name, more in (("without the key", {}), ("with false", {"ground_truth": False})):
    project = Project.objects.create(
        title=name, organization=organization, created_by=boss, label_config=config
    )
    tasks = [{"data": {"text": "hello"}, "annotations": [{"result": result, **more}]}]
    found = ImportApiSerializer(data=tasks, many=True, context={"project": project, "user": boss})
    found.is_valid(raise_exception=True)
    found.save(project_id=project.id)
    seen[name] = Annotation.objects.get(project=project).ground_truth
print("SEEN", seen)
assert seen == {"without the key": True, "with false": False}
PY
"$folder/venv/bin/python" "$folder/try.py" "$folder/data" 2>/dev/null | grep SEEN
