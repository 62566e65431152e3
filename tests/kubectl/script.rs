//! What is typed: one table of groups, each in a namespace of its own.
//!
//! `<p>` stands for the letter of the kubectl under test, `<ns>` for the group's namespace; `[script] edit …` is an edit
//! by that sed script. The exit code is that of kubectl 1.36.

#[path = "moving.rs"]
mod moving;

use Step::{Run, Watch};

/// One row of the script.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A command and its exit code.
    Run(i32, &'static str),
    /// A command that goes on: what it has said before the other commands are typed, and in all, in lines.
    Watch(&'static str, (usize, usize), &'static [&'static str]),
    /// The kubelet's part: once so many pods of a selector are there, they are ready.
    Ready(&'static str, usize),
    /// The kubelet's part: so many pods of a selector have done their work.
    Ended(&'static str, usize),
    /// The kubelet's part until a rollout is at its end.
    Rolled(&'static str),
}

/// Commands that build on each other.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    /// Whether controllers work meanwhile, on both servers.
    pub with_controllers: bool,
    pub steps: &'static [Step],
}

macro_rules! files {
    ($($name:literal)*) => {
        /// The manifests that the commands name.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("files/", $name)))),*];
    };
}

files! {
    "reading.yaml" "apply-1.yaml" "apply-2.yaml" "server-1.yaml" "server-2.yaml" "strict.yaml" "wrong.yaml"
    "unknown.yaml" "crd.yaml" "widget.yaml" "widget-2.yaml" "widget-wrong.yaml" "widget-strict.yaml" "node.yaml"
    "held.yaml" "rolling.yaml" "sets.yaml" "parts.yaml" "slice.yaml" "jobs.yaml" "agents.yaml"
}

const fn group(name: &'static str, steps: &'static [Step]) -> Group {
    Group { name, with_controllers: false, steps }
}

const fn with_controllers(name: &'static str, steps: &'static [Step]) -> Group {
    Group { name, with_controllers: true, steps }
}

/// The script.
pub const SCRIPT: &[Group] = &[
    group("reading", READING),
    group("describing", DESCRIBING),
    group("writing", WRITING),
    group("changing", CHANGING),
    group("applying", APPLYING),
    group("customs", CUSTOMS),
    group("asking", ASKING),
    group("deleting", DELETING),
    with_controllers("rolling", moving::ROLLING),
    with_controllers("cascading", moving::CASCADING),
    with_controllers("ending", moving::ENDING),
    with_controllers("working", moving::WORKING),
];

const READING: &[Step] = &[
    Run(0, "apply -f reading.yaml"),
    Run(0, "get cm"),
    Run(0, "get cm one two -o wide"),
    Run(0, "get all -o wide"),
    Run(0, "get secret,sa,ing,netpol,pvc,pdb,hpa,role,rolebinding,quota,limits -o wide"),
    Run(0, "get cm,svc --show-labels --no-headers"),
    Run(0, "get cm -L tier,script"),
    Run(0, "get cm -l tier=web -o name"),
    Run(0, "get cm -l 'tier in (web,db)' -o name"),
    Run(0, "get cm -l '!tier,script notin (x)' -o name"),
    Run(0, "get cm -A -l script=reading --field-selector metadata.namespace=<ns>"),
    Run(0, "get cm --field-selector metadata.name!=one -o name"),
    Run(0, "get pods --field-selector status.phase=Pending,spec.nodeName="),
    Run(0, "get secret --field-selector type=Opaque -o name"),
    Run(1, "get cm --field-selector nosuch=1"),
    Run(0, "get cm one -o yaml"),
    Run(0, "get deploy/web svc/web -o json"),
    Run(0, "get pod alone -o yaml"),
    Run(0, "get sts,ds,job,cronjob -o yaml"),
    Run(0, "get ing,netpol,pvc,pdb,hpa,quota,limits -o yaml"),
    Run(0, "get cm one -o yaml --show-managed-fields"),
    Run(0, "get cm -o jsonpath='{range .items[*]}{.metadata.name}{\" \"}{.data.a}{\"\\n\"}{end}'"),
    Run(0, "get deploy -o custom-columns=NAME:.metadata.name,IMAGES:.spec.template.spec.containers[*].image"),
    Run(0, "get deploy web -o go-template='{{.spec.replicas}} {{.metadata.name}}'"),
    Run(0, "get cm --sort-by=.metadata.name"),
    Run(0, "get cm --sort-by='{.data.a}' --no-headers"),
    Run(0, "get cm --chunk-size=1"),
    Run(0, "get -f reading.yaml -o name"),
    Run(0, "get deploy web --subresource=scale"),
    Run(0, "get deploy web --subresource=status -o name"),
    Run(0, "get events --field-selector reason!=ClusterIPNotAllocated"),
    Run(0, "get nodes -l script=none"),
    Run(0, "get ns <ns> --output=wide"),
    Run(0, "get --raw /api/v1/namespaces/<ns>/configmaps/two"),
    Run(0, "get cm nosuch --ignore-not-found"),
    Run(1, "get cm one nosuch"),
    Run(1, "get nosuch"),
    Run(1, "get cm -o jsonpath='{.items[0'"),
    Run(1, "get --raw /apis/nosuch/v1"),
    Run(0, "get pods -n nosuch"),
    Run(0, "create cm seen --from-literal=a=1"),
    Run(0, "label cm seen watched=yes"),
    Watch(
        "get cm -w -l watched=yes",
        (2, 5),
        &["annotate cm seen b=2", "label cm two watched=yes", "label cm seen watched-"],
    ),
    Watch(
        "get cm/two -w --output-watch-events -o custom-columns=NAME:.metadata.name,LABELS:.metadata.labels.watched",
        (2, 4),
        &["label cm two watched-", "delete cm two"],
    ),
];

const DESCRIBING: &[Step] = &[
    Run(0, "apply -f reading.yaml"),
    Run(0, "describe cm two three"),
    Run(0, "describe secret hush"),
    Run(0, "describe svc"),
    Run(0, "describe pod alone"),
    Run(0, "describe deploy web"),
    Run(0, "describe sts,ds"),
    Run(0, "describe job,cronjob"),
    Run(0, "describe ing web"),
    Run(0, "describe netpol,pdb,pvc"),
    Run(0, "describe hpa web"),
    Run(0, "describe sa,role,rolebinding"),
    Run(0, "describe quota,limits"),
    Run(0, "describe ns <ns>"),
    Run(1, "describe cm nosuch"),
    Run(0, "events --types=Normal"),
];

const WRITING: &[Step] = &[
    Run(0, "create cm one --from-literal=a=1 --from-file=rolling.yaml"),
    Run(1, "create cm one"),
    Run(0, "create secret generic hush --from-literal=k=v -o yaml"),
    Run(0, "create secret docker-registry pull --docker-server=r.example.com --docker-username=u --docker-password=p"),
    Run(0, "create deploy made --image=registry.example.com/x:1 --replicas=2 --port=80 -o yaml"),
    Run(0, "create job once --image=registry.example.com/x:1 -- true"),
    Run(0, "create cronjob often --image=registry.example.com/x:1 --schedule='*/5 * * * *'"),
    Run(0, "create job by-hand --from=cronjob/often"),
    Run(0, "create svc clusterip inner --tcp=80:8080 -o yaml"),
    Run(0, "create svc nodeport outer --tcp=80 -o yaml"),
    Run(0, "create svc externalname far --external-name=far.example.com"),
    Run(0, "create svc loadbalancer wide --tcp=443"),
    Run(0, "get svc -o wide"),
    Run(0, "create sa robot"),
    Run(0, "create role r --verb=get,list --resource=pods,deployments.apps/scale"),
    Run(0, "create rolebinding rb --role=r --serviceaccount=<ns>:robot --user=ada"),
    Run(0, "create clusterrole script-<p> --verb=get --non-resource-url=/metrics"),
    Run(0, "create ingress in --rule='web.example.com/api*=inner:80,tls=hush' -o yaml"),
    Run(0, "create pdb p --selector=app=made --min-available=50%"),
    Run(0, "create quota q --hard=pods=3,services=2 -o yaml"),
    Run(0, "create priorityclass script-<p> --value=10"),
    Run(0, "get priorityclass script-<p> -o yaml"),
    Run(0, "get priorityclass script-<p> -o wide"),
    Run(0, "create -f slice.yaml -o yaml"),
    Run(0, "label endpointslice inner-1 a=b"),
    Run(0, "get endpointslices -o yaml"),
    Run(0, "get endpointslices"),
    Run(0, "describe svc inner"),
    Run(0, "create ns extra-<p> --dry-run=server -o name"),
    Run(0, "create deploy dry --image=x --dry-run=server -o yaml"),
    Run(0, "create deploy dry --image=x --dry-run=client -o name"),
    Run(0, "run lone --image=registry.example.com/x:1 --labels=app=lone --env=A=b -o yaml"),
    Run(1, "run Lone_ --image=x"),
    Run(0, "expose deploy made --port=80 --target-port=8080 -o yaml"),
    Run(0, "autoscale deploy made --min=1 --max=3 --cpu=80% -o yaml"),
    Run(0, "get hpa"),
    Run(1, "create -f strict.yaml"),
    Run(0, "create -f strict.yaml --validate=warn -o name"),
    Run(1, "create -f wrong.yaml"),
    Run(1, "create -f unknown.yaml"),
    Run(1, "create cm Wrong_Name"),
    Run(1, "create cm lost -n nosuch"),
    Run(1, "create svc clusterip inner --tcp=80"),
    Run(1, "create deploy made --image=x"),
    Run(0, "get rs,deploy,pods"),
];

const CHANGING: &[Step] = &[
    Run(0, "apply -f reading.yaml"),
    Run(0, "label cm one x=y tier=db --overwrite"),
    Run(1, "label cm one x=z"),
    Run(0, "label cm one x-"),
    Run(0, "label cm -l tier more=yes"),
    Run(1, "label cm one 'bad key=x'"),
    Run(0, "annotate cm one a=b"),
    Run(0, "annotate cm one a=b"),
    Run(0, "annotate cm one a-"),
    Run(0, "patch cm one -p '{\"data\":{\"a\":\"2\",\"b\":null}}'"),
    Run(0, "patch cm one -p '{\"data\":{\"a\":\"2\"}}'"),
    Run(0, "patch cm one --type=merge -p '{\"data\":{\"c\":\"3\"}}' -o yaml"),
    Run(0, "patch cm one --type=json -p '[{\"op\":\"replace\",\"path\":\"/data/c\",\"value\":\"4\"}]' -o name"),
    Run(1, "patch cm one --type=json -p '[{\"op\":\"remove\",\"path\":\"/data/none\"}]'"),
    Run(1, "patch cm one --type=json -p '[{\"op\":\"test\",\"path\":\"/data/c\",\"value\":\"x\"}]'"),
    Run(1, "patch cm one -p 'no json'"),
    Run(1, "patch cm nosuch -p '{}'"),
    Run(1, "patch cm three --type=merge -p '{\"data\":{\"a\":\"1\"}}'"),
    Run(
        0,
        "patch deploy web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"registry.example.com/web:2\"}]}}}}'",
    ),
    Run(0, "get deploy web -o jsonpath='{.metadata.generation} {.spec.template.spec.containers[*].image}'"),
    Run(1, "patch deploy web --type=merge -p '{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"x\"}}}}'"),
    Run(1, "patch deploy web --type=merge -p '{\"spec\":{\"replicas\":\"two\"}}'"),
    Run(0, "patch deploy web --subresource=scale --type=merge -p '{\"spec\":{\"replicas\":4}}'"),
    Run(0, "patch deploy web --subresource=status --type=merge -p '{\"status\":{\"replicas\":4,\"readyReplicas\":3}}'"),
    Run(0, "get deploy web"),
    Run(0, "set image deploy/web c=registry.example.com/web:3 side=registry.example.com/side:2"),
    Run(1, "set image deploy/web none=x"),
    Run(0, "set env deploy/web A=b --containers=c"),
    Run(0, "set env deploy/web --list"),
    Run(0, "set env deploy/web A-"),
    Run(0, "set resources deploy/web -c c --limits=cpu=200m,memory=64Mi"),
    Run(0, "set sa deploy/web robot"),
    Run(0, "set selector svc web app=other"),
    Run(0, "get deploy web -o yaml --show-managed-fields"),
    Run(0, "scale deploy/web --replicas=2"),
    Run(1, "scale deploy/web --current-replicas=9 --replicas=3"),
    Run(0, "scale deploy,sts --all --replicas=1"),
    Run(0, "[s/^  a: .*/  a: edited/] edit cm one"),
    Run(0, "[s/nothing/at all/] edit cm one"),
    Run(0, "[s/replicas: 1/replicas: 3/] edit deploy web"),
    Run(0, "get cm one -o jsonpath={.data.a}"),
    Run(0, "rollout pause deploy/web"),
    Run(1, "rollout pause deploy/web"),
    Run(0, "rollout resume deploy/web"),
    Run(1, "replace -f apply-1.yaml"),
    Run(0, "create -f apply-1.yaml"),
    Run(0, "replace -f apply-2.yaml"),
    Run(1, "replace -f held.yaml"),
    Run(0, "create -f node.yaml"),
    Run(0, "cordon worker-<p>"),
    Run(0, "taint nodes worker-<p> key=value:NoSchedule"),
    Run(0, "get nodes -l script=node-<p> -o wide"),
    Run(0, "describe node worker-<p>"),
    Run(0, "uncordon worker-<p>"),
    Run(0, "taint nodes worker-<p> key-"),
    Run(0, "delete node worker-<p>"),
];

const APPLYING: &[Step] = &[
    Run(1, "diff -f apply-1.yaml"),
    Run(0, "apply -f apply-1.yaml --dry-run=server"),
    Run(0, "apply -f apply-1.yaml"),
    Run(0, "apply -f apply-1.yaml"),
    Run(0, "diff -f apply-1.yaml"),
    Run(1, "diff -f apply-2.yaml"),
    Run(0, "apply -f apply-2.yaml --dry-run=server -o yaml"),
    Run(0, "apply -f apply-2.yaml"),
    Run(0, "get cm/notes deploy/hello -o yaml --show-managed-fields"),
    Run(0, "apply view-last-applied cm/notes"),
    Run(0, "apply set-last-applied -f apply-1.yaml"),
    Run(0, "apply edit-last-applied cm/notes"),
    Run(0, "apply --server-side -f server-1.yaml"),
    Run(0, "apply --server-side -f server-1.yaml"),
    Run(1, "apply --server-side -f server-2.yaml --field-manager=other"),
    Run(0, "apply --server-side -f server-2.yaml --field-manager=other --force-conflicts"),
    Run(0, "apply --server-side -f server-2.yaml -o yaml --show-managed-fields"),
    Run(2, "diff --server-side -f server-1.yaml"),
    Run(1, "diff --server-side -f server-1.yaml --force-conflicts --field-manager=other"),
    Run(0, "apply --server-side -f apply-2.yaml"),
    Run(0, "apply --server-side -f apply-1.yaml --dry-run=server -o name"),
    Run(0, "get cm/notes deploy/hello -o yaml --show-managed-fields"),
    Run(1, "apply -f strict.yaml"),
    Run(0, "apply -f strict.yaml --validate=warn"),
    Run(0, "apply -f strict.yaml --validate=ignore"),
    Run(1, "apply -f wrong.yaml"),
    Run(1, "apply -f unknown.yaml"),
    Run(0, "create cm by-hand --from-literal=a=1"),
    Run(0, "label cm by-hand part=<p>"),
    Run(0, "apply -f parts.yaml -l part=<p> --prune --prune-allowlist=core/v1/ConfigMap"),
    Run(0, "replace --force -f server-1.yaml"),
    Run(0, "get cm"),
];

const CUSTOMS: &[Step] = &[
    Run(1, "apply -f widget.yaml"),
    Run(0, "apply -f crd.yaml"),
    Run(0, "wait --for=condition=Established crd/widgets.<p>.example.com"),
    Run(0, "get crd widgets.<p>.example.com"),
    Run(0, "api-resources --api-group=<p>.example.com"),
    Run(0, "explain widgets.<p>.example.com --recursive"),
    Run(0, "explain widgets.<p>.example.com.spec.parts"),
    Run(0, "apply -f widget.yaml"),
    Run(0, "apply -f widget.yaml"),
    Run(0, "get widgets.<p>.example.com"),
    Run(0, "get wd<p> -o wide"),
    Run(0, "get gadgets -l x=none"),
    Run(0, "get widgets.<p>.example.com first -o yaml --show-managed-fields"),
    Run(0, "apply -f widget-2.yaml"),
    Run(1, "diff -f widget.yaml"),
    Run(0, "apply --server-side --force-conflicts -f widget.yaml"),
    Run(0, "get wd<p> first -o yaml --show-managed-fields"),
    Run(1, "apply -f widget-wrong.yaml"),
    Run(1, "apply -f widget-strict.yaml"),
    Run(0, "apply -f widget-strict.yaml --validate=warn"),
    Run(0, "patch wd<p> first --type=merge -p '{\"spec\":{\"size\":3}}'"),
    Run(1, "patch wd<p> first -p '{\"spec\":{\"size\":3}}'"),
    Run(
        0,
        "patch wd<p> first --type=merge --subresource=status -p '{\"status\":{\"size\":3,\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}'",
    ),
    Run(0, "scale wd<p>/first --replicas=5"),
    Run(0, "get wd<p>"),
    Run(0, "[s/colour: red/colour: blue/] edit wd<p> first"),
    Run(0, "label wd<p> first x=y"),
    Run(0, "describe wd<p> first"),
    Run(0, "describe crd widgets.<p>.example.com"),
    Run(0, "get crd widgets.<p>.example.com -o yaml"),
    Run(0, "wait --for=jsonpath='{.spec.size}'=5 wd<p>/first"),
    Run(0, "wait --for=condition=Ready wd<p>/first"),
    Run(1, "wait --for=condition=None wd<p>/first --timeout=1s"),
    Run(0, "delete wd<p> strict"),
    Run(0, "delete crd widgets.<p>.example.com"),
    Run(1, "get wd<p>"),
];

const ASKING: &[Step] = &[
    Run(0, "get --raw /version"),
    Run(0, "cluster-info"),
    Run(0, "api-versions"),
    Run(0, "api-resources --api-group=apps -o wide"),
    Run(0, "api-resources --namespaced=false --api-group=rbac.authorization.k8s.io --no-headers"),
    Run(0, "api-resources --sort-by=name"),
    Run(0, "explain deployment"),
    Run(0, "explain deployment.spec.strategy --recursive"),
    Run(0, "explain pod.spec.containers"),
    Run(0, "explain configmap.data"),
    Run(0, "explain ingress --recursive"),
    Run(0, "explain cronjob.spec --api-version=batch/v1"),
    Run(1, "explain deployment.spec.nosuch"),
    Run(1, "explain nosuch"),
    Run(0, "auth can-i delete pods"),
    Run(0, "auth can-i '*' '*'"),
    Run(0, "auth can-i get /healthz"),
    Run(0, "auth can-i get deployments.apps/scale -n <ns> -q"),
    Run(0, "auth can-i list nosuch"),
    Run(0, "auth can-i --list"),
    Run(0, "auth whoami"),
    Run(0, "auth whoami -o yaml"),
    Run(0, "get --raw /healthz"),
    Run(0, "get --raw /readyz"),
    Run(0, "get --raw /api"),
    Run(0, "get --raw /apis/apps"),
    Run(1, "get --raw /nosuch"),
];

const DELETING: &[Step] = &[
    Run(0, "apply -f reading.yaml"),
    Run(0, "delete cm one"),
    Run(1, "delete cm one"),
    Run(0, "delete cm one --ignore-not-found"),
    Run(0, "delete cm two --dry-run=server"),
    Run(0, "delete cm -l tier=db"),
    Run(0, "delete svc web headless -o name"),
    Run(0, "delete pod alone --grace-period=0 --force"),
    Run(0, "delete deploy web --cascade=orphan --wait=false"),
    Run(0, "get deploy web -o jsonpath='{.metadata.finalizers} {.metadata.generation}'"),
    Run(0, "delete sts db --cascade=foreground --wait=false"),
    Run(0, "get sts db -o jsonpath='{.metadata.finalizers} {.metadata.deletionGracePeriodSeconds}'"),
    Run(0, "patch sts db --type=merge -p '{\"metadata\":{\"finalizers\":null}}'"),
    Run(0, "get sts"),
    Run(0, "create -f held.yaml"),
    Run(0, "delete cm held --wait=false"),
    Run(0, "get cm held -o yaml"),
    Run(1, "delete cm held --timeout=1s"),
    Run(1, "wait --for=delete cm/held --timeout=1s"),
    Run(0, "describe cm held"),
    Run(1, "patch cm held --type=merge -p '{\"metadata\":{\"finalizers\":[\"example.com/other\"]}}'"),
    Run(0, "patch cm held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'"),
    Run(0, "wait --for=delete cm/held"),
    Run(0, "delete secret,sa --all"),
    Run(0, "delete -f reading.yaml --ignore-not-found --wait=false"),
    Run(0, "get all,cm,secret,ing,pvc"),
    Run(0, "delete clusterrole script-none-<p> --ignore-not-found"),
    Run(1, "delete ns nosuch-<p>"),
];
