"""Deploys a function, changes it, lists and deletes it, as a notebook does. Prints what came of it as JSON, in its last line."""

import json
import os

import nuclio
import requests
from nuclio.auth import AuthInfo
from nuclio.deploy import list_functions

NAME = "from-notebook"
url = os.environ["AMPOULE_URL"]
dashboard = {"dashboard_url": url, "auth_info": AuthInfo("notebook", os.environ["AMPOULE_TOKEN"])}


def deploy(word):
    code = f"def handler(context, event):\n    return '{word} ' + event.body.decode()\n"
    nuclio.deploy_code(code, name=NAME, project="notebooks", handler="handler", **dashboard)
    answer = requests.post(f"{url}/fn/{NAME}", data="sealed", timeout=20)
    answer.raise_for_status()
    return answer.text


answers = [deploy("hello"), deploy("goodbye")]
functions = [name for name in list_functions(**dashboard) if name == NAME]
nuclio.delete_func(NAME, **dashboard)
left = [name for name in list_functions(**dashboard) if name == NAME]
print(json.dumps({"answers": answers, "functions": functions, "left": left}))
