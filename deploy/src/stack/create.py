"""Deploys the template to an emulator, and prints where things are, in JSON.

    create.py TEMPLATE PACKAGES ENDPOINT ACCOUNT [ROLE ACTION]

PACKAGES is a folder with NAME.zip for each function. With ROLE and ACTION, that action is taken out of that role's policy.
"""

import json
import logging
import os
import pathlib
import platform
import sys
import time

import boto3

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "template"))
from transform import transformed  # noqa: E402

STACK = "stockflow"


def main(template, packages, endpoint, account, role=None, action=None):
    session = boto3.session.Session(account, "secret", region_name="us-east-1")
    services = lambda name: session.client(name, endpoint_url=endpoint)
    upload(services("s3"), packages, f"packages-{account}")
    stack = transformed(template, f"s3://packages-{account}")
    queries = take_out_queries(stack)
    take_out_what_the_emulator_cannot(stack)
    allow_batches(stack)
    if role:
        take_out_action(stack, role, action)
    outputs = create(services("cloudformation"), stack)
    json.dump(
        {
            "outputs": outputs,
            "queries": queries,
            "queue": subscribe(services, outputs["Topic"]),
            "producer": user_with_policies_of(services("iam"), outputs["ProducerRole"].rpartition("/")[2]),
        },
        sys.stdout,
    )


def upload(s3, packages, bucket):
    s3.create_bucket(Bucket=bucket)
    for package in pathlib.Path(packages).glob("*.zip"):
        s3.upload_file(str(package), bucket, package.name)


def take_out_queries(stack):
    """The saved queries, with the name of the table put in: the emulator's CloudFormation knows none."""
    resources = stack["Resources"]
    names = [name for name, resource in resources.items() if resource["Type"] == "AWS::Athena::NamedQuery"]
    table = stack["Parameters"]["LakeTableName"]["Default"]
    texts = {name: resources.pop(name)["Properties"]["QueryString"]["Fn::Sub"] for name in names}
    return {name: text.replace("${LakeTable}", table) for name, text in texts.items()}


def take_out_what_the_emulator_cannot(stack):
    """Alarms over several metrics and the dashboard that shows them; refusal of connections without TLS, since it has none."""
    resources = stack["Resources"]
    for name, resource in list(resources.items()):
        properties = resource.get("Properties", {})
        several = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties
        if several or resource["Type"] == "AWS::CloudWatch::Dashboard":
            del resources[name]
        if resource["Type"] in ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
            statements = properties["PolicyDocument"]["Statement"]
            statements[:] = [s for s in statements if s["Sid"] != "EncryptedConnectionsOnly"]
            if not statements:
                del resources[name]


def allow_batches(stack):
    """To AWS a batch of messages is so many times `sns:Publish`, to the emulator an action of its own."""
    for role in stack["Resources"].values():
        for policy in role.get("Properties", {}).get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement.get("Action") == "sns:Publish":
                    statement["Action"] = ["sns:Publish", "sns:PublishBatch"]


def take_out_action(stack, role, action):
    taken = 0
    for policy in stack["Resources"][role]["Properties"]["Policies"]:
        statements = policy["PolicyDocument"]["Statement"]
        for statement in list(statements):
            # The statement about the program of an instance is a choice, and has no action itself.
            actions = statement.get("Action", [])
            actions = actions if isinstance(actions, list) else [actions]
            # With `sns:Publish` goes what it stands for.
            rest = [other for other in actions if not other.startswith(action)]
            if rest != actions:
                taken += 1
                statement["Action"] = rest
                if not statement["Action"]:
                    statements.remove(statement)
    if not taken:
        sys.exit(f"{role} has no {action}")


def create(cloudformation, stack):
    """The stack's outputs, once it stands and the same again was found to be no change."""
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    parameters = {"Architecture": architecture, "BatchingWindowSeconds": "0"}
    arguments = {
        "StackName": STACK,
        "TemplateBody": json.dumps(stack),
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    }
    cloudformation.create_stack(**arguments)
    while True:
        made = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if not made["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.05)
    if made["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        sys.exit("\n".join(str(e) for e in events if e["ResourceStatus"].endswith("FAILED")))
    try:
        cloudformation.update_stack(**arguments)
        sys.exit("deploying twice changes something")
    except cloudformation.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def subscribe(services, topic):
    """A queue in place of people."""
    sqs = services("sqs")
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    services("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    return queue


def user_with_policies_of(iam, role):
    """Keys that may what the role may: here is no instance that would have the role."""
    iam.create_user(UserName="producer")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        iam.put_user_policy(UserName="producer", PolicyName=name, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="producer")["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    main(*sys.argv[1:])
