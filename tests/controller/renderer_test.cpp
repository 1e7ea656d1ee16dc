// Charts that are read and rendered in other processes, against the same in this one.
#include "controller/helm_release/renderer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "base/archive.h"
#include "base/sanitized.h"
#include "controller/helm_release/render_protocol.h"
#include "document/json.h"
#include "helm/chart/load.h"
#include "helm/functions/functions.h"
#include "helm/functions/yaml.h"
#include "helm/release/codec.h"

namespace sluice::controller::helm_release {
namespace {

using base::Reason;
using base::Result;
using isolation::Frame;
using isolation::Packer;
using Tree = std::map<std::string, std::string>;

isolation::PoolOptions Workers(std::size_t count = 1) {
  isolation::PoolOptions options;
  options.command = {SLUICE_BUILD_WORKER, "renders"};
  options.workers = count;
  return options;
}

std::shared_ptr<const std::string> Archive(const Tree& files) {
  std::string bytes;
  base::ArchiveWriter writer([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  for (const auto& [path, text] : files) EXPECT_TRUE(writer.AddFile("web/" + path, text, false));
  EXPECT_TRUE(writer.Finish());
  return std::make_shared<const std::string>(std::move(bytes));
}

constexpr const char* kChart = "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: \"7\"\n";

Tree WithTemplate(std::string text) { return {{"Chart.yaml", kChart}, {"templates/a.yaml", std::move(text)}}; }
Tree Small() {
  return WithTemplate(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {a: {{ .Values.a | toString | quote }}}\n");
}

/// What a render is of, with things of its own that a RenderInput refers to.
struct Job {
  Tree files = Small();
  std::string values = "a: 1";
  helm::Dialect dialect = helm::Dialect::Helm4;
  std::function<void(RenderInput&)> change = {};
};

/// Everything of a draft that anybody could see.
std::string Text(const Result<helm::Draft>& draft) {
  if (!draft) return std::string(ToString(draft.error().reason)) + ": " + draft.error().message;
  std::string out = draft->config + "\n" + draft->notes + "\n" + *draft->manifest + "\n" + helm::ChartJson(*draft->chart) + "\n" +
                    draft->chart->name + " " + draft->chart->version + " " + draft->chart->app_version + " " + draft->chart->metadata_json;
  for (const helm::ReleaseHook& hook : draft->hooks) {
    out += "\n" + hook.name + " " + hook.kind + " " + hook.path + " " + std::to_string(hook.weight) + "\n" + hook.manifest;
    for (const auto* texts : {&hook.events, &hook.delete_policies, &hook.output_log_policies})
      for (const std::string& text : *texts) out += " " + text;
  }
  return out;
}

Result<helm::Draft> Render(Renderer& renderer, const Job& job) {
  TRY(const OpenedChart chart, renderer.Open(Archive(job.files), job.dialect));
  const helm::Value values = helm::ParseYaml(job.values).value();
  RenderInput input{
      .chart = chart, .version = "", .values = values, .render = {}, .owner = {.ns = "team", .name = "app"}, .shared_by = "a"};
  input.render.dialect = job.dialect;
  input.render.name = "app";
  input.render.ns = "prod";
  input.render.engine.functions.now = [] { return base::TimePoint(std::chrono::seconds(1'700'000'000)); };
  input.render.engine.functions.zone = helm::ReadSystemZone;
  if (job.change) job.change(input);
  helm::ChartPool pool;
  return renderer.Draft(input, pool);
}

std::string Said(Renderer& renderer, const Job& job) { return Text(Render(renderer, job)); }

TEST(Renderer, RendersWhatWeRender) {
  Renderer here, there(Workers(), base::Logger::Null());
  EXPECT_FALSE(here.confined());
  EXPECT_TRUE(there.confined());
  Tree files = {
      {"Chart.yaml",
       std::string(kChart) + "dependencies:\n- {name: sub, version: 1.0.0, condition: sub.enabled, import-values: [data], alias: other}\n"},
      {"values.yaml", "n: 0x10\nf: 1e3\nbig: 12345678901\nlist: [1, {a: b}, null]\nsub: {enabled: true}\nempty: {}\n"},
      {"values.schema.json", R"({"properties": {"n": {"type": "integer"}}})"},
      {"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"},
      {"charts/sub/values.yaml", "exports: {data: {imported: yes}}\n"},
      {"charts/sub/templates/s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"},
      {"crds/c.yaml", "kind: CustomResourceDefinition\n"},
      {"data.bin", std::string("\xff\0\x01", 3)},
      {"templates/_h.tpl", "{{ define \"x\" }}{{ toYaml .Values }}{{ end }}"},
      {"templates/a.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {v: {{ kindOf .Values.n }}, w: {{ typeOf .Values.user }}}}\n"
       "data:\n  all: |\n    {{- include \"x\" . | nindent 4 }}\n  k: {{ .Capabilities.KubeVersion.Version | quote }}\n"
       "  has: \"{{ .Capabilities.APIVersions.Has \"team/v1\" }}\"\n  at: {{ now | date \"2006-01-02T15:04\" | quote }}\n"
       "  there: {{ dateInZone \"15:04 MST\" now \"Europe/Berlin\" | quote }}\n  r: {{ .Release | toJson | quote }}\n"
       "  f: {{ .Files.Get \"data.bin\" | b64enc }}\n"},
      {"templates/h.yaml",
       "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: \"pre-install,test\", helm.sh/hook-weight: "
       "\"-5\", "
       "helm.sh/hook-delete-policy: hook-failed}\n"},
      {"templates/NOTES.txt", "hello {{ .Values.imported }}"},
  };
  for (const helm::Dialect dialect : {helm::Dialect::Helm3, helm::Dialect::Helm4}) {
    Spec spec;
    spec.post_renderers = *document::ParseJson(
        R"([{"kustomize":{"patches":[{"target":{"kind":"ConfigMap"},"patch":"[{\"op\":\"add\",\"path\":\"/data/more\",\"value\":\"1e3\"}]"}]}}])");
    spec.common_metadata = *document::ParseJson(R"({"labels":{"l":"1"},"annotations":{"a":"b"}})");
    helm::Release old;
    old.config = R"({"user":{"deep":[1.5]},"kept":true})";
    old.chart = helm::StoreChart(helm::LoadArchive(*Archive(files), dialect).value());
    Job job{.files = files, .values = "{user: 7, sub: {enabled: true}, text: \"07\"}", .dialect = dialect};
    const auto same = [&](const std::function<void(RenderInput&)>& change) {
      job.change = change;
      const std::string want = Said(here, job);
      EXPECT_EQ(Said(there, job), want);
      return want;
    };
    EXPECT_NE(same({}).find("imported"), std::string::npos);
    const std::string all = same([&](RenderInput& input) {
      input.version = "1.2.3+abc";
      input.post_render = &spec;
      input.reuse = &old;
      input.render.is_upgrade = true;
      input.render.is_install = false;
      input.render.revision = 4;
      input.render.capabilities.api_versions.push_back("team/v1");
      input.render.capabilities.kube_version = {.version = "v1.30.1-x", .normalized = "v1.30.1", .major = "1", .minor = "30"};
    });
    for (const char* part : {"1.2.3+abc", "more: \"1e3\"", "helm.toolkit.fluxcd.io/name: app", "v1.30.1-x", "kept", "has: \"true\""})
      EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
  }
}

TEST(Renderer, FailsAsWeFail) {
  Renderer here, there(Workers(), base::Logger::Null());
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "{a: ";
  for (const Job& job : {Job{.files = {{"templates/a.yaml", "a"}}}, Job{.files = WithTemplate("{{ fail \"no\" }}")},
                         Job{.files = WithTemplate("{{ nope }}")}, Job{.files = WithTemplate("a: [")},
                         Job{.files = WithTemplate("{{ required \"give a\" .Values.b }}")},
                         Job{.files = WithTemplate("{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}")},
                         Job{.files = {{"Chart.yaml", kChart}, {"values.schema.json", R"({"properties": {"a": {"type": "string"}}})"}}},
                         Job{.files = {{"Chart.yaml", std::string(kChart) + "kubeVersion: \">=99\"\n"}}},
                         Job{.files = {{"Chart.yaml", std::string(kChart) + "type: library\n"}}},
                         Job{.files = {{"Chart.yaml", kChart}, {"values.yaml", deep}}},
                         Job{.files = WithTemplate("{{ range until 1000 }}{{ end }}"),
                             .change = [](RenderInput& input) { input.limits.render.max_steps = 100; }}}) {
    const std::string want = Said(here, job);
    EXPECT_EQ(Said(there, job), want);
    EXPECT_EQ(want.find("Source:"), std::string::npos) << want;
  }
  const auto no_chart = std::make_shared<const std::string>("no archive");
  EXPECT_EQ(there.Open(no_chart, helm::Dialect::Helm4).error().message, here.Open(no_chart, helm::Dialect::Helm4).error().message);
  const auto large = std::make_shared<const std::string>((64u << 20) + 1, 'x');
  EXPECT_EQ(there.Open(large, helm::Dialect::Helm4).error().message, "the chart's archive is larger than 64 MiB");
}

TEST(Renderer, FactsAndCrdsAreTheSame) {
  Renderer here, there(Workers(), base::Logger::Null());
  Tree files = Small();
  files["Chart.yaml"] += "dependencies: [{name: sub, version: 1.0.0, condition: sub.enabled}]\n";
  files["charts/sub/Chart.yaml"] = "apiVersion: v2\nname: sub\nversion: 1.0.0\n";
  files["charts/sub/crds/c.yaml"] = "kind: CustomResourceDefinition\n";
  const auto crds = [&](Renderer& renderer, const std::string& values) {
    const OpenedChart chart = renderer.Open(Archive(files), helm::Dialect::Helm4).value();
    EXPECT_EQ(chart.facts.name + chart.facts.version + chart.facts.app_version, "web1.2.37");
    EXPECT_TRUE(chart.facts.has_crds);
    const helm::Value given = values.empty() ? helm::Value() : helm::ParseYaml(values).value();
    const RenderInput input{.chart = chart, .version = "", .values = given, .render = {}, .owner = {}, .shared_by = "a"};
    std::string out;
    for (const helm::CrdFile& crd : renderer.Crds(input).value()) out += crd.path + ": " + *crd.data;
    return out;
  };
  for (Renderer* renderer : {&here, &there}) {
    EXPECT_EQ(crds(*renderer, "sub: {enabled: true}"), "web/charts/sub/crds/c.yaml: kind: CustomResourceDefinition\n");
    EXPECT_EQ(crds(*renderer, "sub: {enabled: false}"), "");
    EXPECT_EQ(crds(*renderer, ""), "web/charts/sub/crds/c.yaml: kind: CustomResourceDefinition\n");
  }
  EXPECT_FALSE(there.Open(Archive(Small()), helm::Dialect::Helm4)->facts.has_crds);
}

// A chart that was put together in this process goes to the other one as an archive.
TEST(Renderer, AChartThatWasPutTogetherHereRendersThere) {
  Renderer here, there(Workers(), base::Logger::Null());
  std::string said[2];
  for (Renderer* renderer : {&here, &there}) {
    Tree files = Small();
    files["values.yaml"] = "a: 2 # with a remark\nb: {c: []}\n";
    const auto opened = renderer->Open(helm::LoadArchive(*Archive(files), helm::Dialect::Helm3).value(), helm::Dialect::Helm3);
    ASSERT_TRUE(opened) << opened.error().message;
    const helm::Value values = helm::Value::NewMap();
    RenderInput input{
        .chart = *opened, .version = "", .values = values, .render = {.dialect = helm::Dialect::Helm3}, .owner = {}, .shared_by = ""};
    helm::ChartPool pool;
    said[renderer == &here ? 0 : 1] = Text(renderer->Draft(input, pool));
  }
  EXPECT_EQ(said[1], said[0]);
  EXPECT_NE(said[0].find("a: \"2\""), std::string::npos) << said[0];
}

// What is loaded late must be there before a process gives up files.
TEST(Renderer, EveryFunctionThatNeedsALibraryHasIt) {
  Renderer there(Workers(), base::Logger::Null());
  const Job job{
      .files = WithTemplate(
          "a: {{ htpasswd \"u\" \"p\" | len }}\nb: {{ derivePassword 1 \"long\" \"p\" \"u\" \"s\" | len }}\n"
          "c: {{ encryptAES \"k\" \"text\" | decryptAES \"k\" }}\nd: {{ genPrivateKey \"ecdsa\" | contains \"PRIVATE KEY\" }}\n"
          "e: {{ genPrivateKey \"ed25519\" | contains \"PRIVATE KEY\" }}\nf: {{ genPrivateKey \"rsa\" | contains \"PRIVATE KEY\" }}\n"
          "g: {{ (genSelfSignedCert \"n\" nil (list \"h\") 1).Cert | contains \"CERTIFICATE\" }}\nh: {{ uuidv4 | len }}\n"
          "i: {{ sha1sum \"a\" | len }}{{ sha512sum \"a\" | len }}\n"
          "kind: T\n")};
  const std::string said = Said(there, job);
  EXPECT_NE(said.find("a: 62\nb: 14\nc: text\nd: true\ne: true\nf: true\ng: true\nh: 36\ni: 40128\nkind: T\n"), std::string::npos) << said;
}

// Processes are forked from one memory, and each draws its own numbers.
TEST(Renderer, T84NoTwoProcessesDrawTheSameNumbers) {
  Renderer there(Workers(), base::Logger::Null());
  std::set<std::string> seen;
  for (int i = 0; i < 8; ++i) {
    seen.insert(Said(
        there, {.files = WithTemplate("kind: T\nr: {{ randAlphaNum 30 }}\n"), .change = [](RenderInput& input) { input.shared_by = ""; }}));
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(Renderer, T84LooksUpOnlyThroughTheParent) {
  Renderer here, there(Workers(), base::Logger::Null());
  const Tree files = WithTemplate(
      "kind: T\na: {{ (lookup \"v1\" \"Secret\" \"team\" \"mine\").data | toJson }}\nb: {{ lookup \"v1\" \"Secret\" \"team\" \"none\" | "
      "toJson }}\n"
      "h: {{ getHostByName \"example.org\" | quote }}\n");
  for (Renderer* renderer : {&here, &there}) {
    std::vector<std::string> asked;
    Job job{.files = files};
    job.change = [&](RenderInput& input) {
      input.render.engine.host_by_name = [&](const std::string& host) -> Result<std::string> { return "1.2.3.4 of " + host; };
      input.render.engine.lookup = [&](const std::string& version, const std::string& kind, const std::string& ns,
                                       const std::string& name) -> Result<helm::Value> {
        asked.push_back(version + " " + kind + " " + ns + "/" + name);
        return name == "mine" ? helm::ParseYaml("data: {x: 1, s: \"01\", l: [null, true, 2.5]}") : helm::Value::NewMap();
      };
    };
    EXPECT_NE(Said(*renderer, job)
                  .find(R"(a: {"l":[null,true,2.5],"s":"01","x":1})"
                        "\nb: {}\nh: \"1.2.3.4 of example.org\"\n"),
              std::string::npos)
        << Said(*renderer, job);
    EXPECT_EQ(asked.at(0), "v1 Secret team/mine");
    EXPECT_EQ(asked.at(1), "v1 Secret team/none");
    job.change = [&](RenderInput& input) {
      input.render.engine.lookup = [](const auto&, const auto&, const auto&, const auto&) -> Result<helm::Value> {
        return base::MakeError(Reason::Forbidden, "secrets \"mine\" is forbidden");
      };
    };
    const std::string refused = Said(*renderer, job);
    EXPECT_NE(refused.find("secrets \"mine\" is forbidden"), std::string::npos) << refused;
    EXPECT_EQ(refused.substr(0, 8), "Invalid:");
  }
}

TEST(Renderer, NoticesComeBack) {
  Renderer here, there(Workers(), base::Logger::Null());
  std::vector<std::string> notices[2];
  for (Renderer* renderer : {&here, &there}) {
    Job job{.files = {{"Chart.yaml", std::string(kChart) + "deprecated: true\n"}, {"templates/a.yaml", "{{ fail \"no\" }}"}}};
    job.change = [&](RenderInput& input) {
      input.render.notify = [&](const helm::Notice& notice) { notices[renderer == &here ? 0 : 1].push_back(notice.text); };
    };
    EXPECT_FALSE(Render(*renderer, job));
  }
  EXPECT_EQ(notices[1], notices[0]);
  EXPECT_EQ(notices[0].size(), 1u);
}

/// The processes whose parent is `pid`.
std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

std::vector<pid_t> Jobs() {
  std::vector<pid_t> jobs;
  for (const pid_t server : ChildrenOf(getpid()))
    for (const pid_t job : ChildrenOf(server)) jobs.push_back(job);
  return jobs;
}

TEST(Renderer, T78AProcessThatIsKilledFailsOneRender) {
  Renderer there(Workers(), base::Logger::Null());
  Job job{.files = WithTemplate("{{ lookup \"v1\" \"Secret\" \"team\" \"mine\" }}")};
  job.change = [](RenderInput& input) {
    input.render.engine.lookup = [](const auto&, const auto&, const auto&, const auto&) -> Result<helm::Value> {
      for (const pid_t child : Jobs()) kill(child, SIGKILL);
      return helm::Value::NewMap();
    };
  };
  EXPECT_EQ(Said(there, job), "Internal: rendering chart web: the process ended by SIGKILL");
  EXPECT_THROW((void)ThrowBugs(Render(there, job)), std::runtime_error);
  EXPECT_NE(Said(there, {}).find("a: \"1\""), std::string::npos);
}

TEST(Renderer, ARenderThatNeedsTooMuchMemoryFailsAlone) {
#ifdef SLUICE_SANITIZED
  GTEST_SKIP() << "the limit is off under sanitizers";
#endif
  Renderer there(Workers(), base::Logger::Null());
  const Job job{.files = WithTemplate("{{ $a := list }}{{ range until 100 }}{{ $a = append $a (repeat 33554432 \"x\") }}{{ end }}"),
                .change = [](RenderInput& input) { input.limits.render.max_output_bytes = std::size_t{1} << 40; }};
  const std::string said = Said(there, job);
  EXPECT_EQ(said, "Internal: rendering chart web: the process met an exception: std::bad_alloc: a render may take 512 MiB");
  EXPECT_NE(Said(there, {}).find("a: \"1\""), std::string::npos);
}

TEST(Renderer, WithoutProcessesThereIsNoRender) {
  isolation::PoolOptions options = Workers();
  options.command = {"/nonexistent/sluice"};
  Renderer there(options, base::Logger::Null());
  EXPECT_EQ(Said(there, {}),
            "Unavailable: reading the chart: a worker process cannot be started: /nonexistent/sluice: No such file or directory");
}

TEST(Renderer, ARenderThatIsGivenUpEnds) {
  Renderer there(Workers(), base::Logger::Null());
  const OpenedChart chart =
      there.Open(Archive(WithTemplate("{{ lookup \"v1\" \"Secret\" \"a\" \"b\" }}{{ range until 100000 }}{{ end }}")), helm::Dialect::Helm4)
          .value();
  const helm::Value values = helm::Value::NewMap();
  RenderInput input{.chart = chart, .version = "", .values = values, .render = {}, .owner = {}, .shared_by = "a"};
  std::stop_source stop;
  input.render.engine.lookup = [&](const auto&, const auto&, const auto&, const auto&) -> Result<helm::Value> {
    stop.request_stop();
    return helm::Value::NewMap();
  };
  helm::ChartPool pool;
  EXPECT_EQ(there.Draft(input, pool, stop.get_token()).error().reason, Reason::Canceled);
}

// One after the other in the same process, which then has the chart; whoever differs gets another, which asks for it.
TEST(Renderer, SharesAProcessOnlyAmongEquals) {
  const Sharing plain{.ns = "team", .chart = "HelmChart/team/web", .account = "a", .cluster = ""};
  const auto key = [&](const std::function<void(Sharing&)>& change) {
    Sharing sharing = plain;
    change(sharing);
    return SharedBy(sharing);
  };
  const std::string shared = SharedBy(plain);
  EXPECT_NE(shared, "");
  EXPECT_NE(key([](Sharing& sharing) { sharing.ns = "other"; }), shared);
  EXPECT_NE(key([](Sharing& sharing) { sharing.chart = "HelmChart/team/other"; }), shared);
  EXPECT_NE(key([](Sharing& sharing) { sharing.account = "b"; }), shared);
  EXPECT_NE(key([](Sharing& sharing) { sharing.cluster = "c"; }), shared);
  EXPECT_EQ(key([](Sharing& sharing) { sharing.secrets = true; }), "");

  Renderer there(Workers(), base::Logger::Null());
  const OpenedChart chart = there.Open(Archive(Small()), helm::Dialect::Helm4).value();
  const helm::Value values = helm::Value::NewMap();
  RenderInput input{.chart = chart, .version = "", .values = values, .render = {}, .owner = {}, .shared_by = "a"};
  helm::ChartPool pool;
  const auto process = [&](const std::string& shared_by) {
    input.shared_by = shared_by;
    EXPECT_TRUE(there.Draft(input, pool));
    return Jobs();
  };
  const std::vector<pid_t> first = process("a");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(process("a"), first);
  EXPECT_NE(process("b"), first);
  EXPECT_NE(process("a"), first);
}

// ---- What a captured child may say -----------------------------------------------------------------------------------------------------

struct Heard {
  std::string text;
  bool outcome = false;
};

Heard Hear(RenderTask task, const Frame& frame, const std::function<void(RenderInput&)>& change = {}, RenderProtocolLimits limits = {},
           int times = 1) {
  const OpenedChart chart{.facts = {}, .archive = std::make_shared<const std::string>("bytes")};
  const helm::Value values;
  RenderInput input{.chart = chart, .version = "", .values = values, .render = {}, .owner = {.ns = "team", .name = "app"}};
  if (change) change(input);
  RenderHost host(task, input, limits);
  auto answer = host.Hear(frame);
  for (int i = 1; i < times; ++i) answer = host.Hear(frame);
  if (!answer) return {answer.error().message, false};
  if (*answer) return {**answer, false};
  const auto& outcome = *host.outcome();
  return {outcome ? "good" : std::string(ToString(outcome.error().reason)) + ": " + outcome.error().message, true};
}

Frame Say(RenderFrame type, std::string bytes) { return {static_cast<std::uint8_t>(type), std::move(bytes)}; }
constexpr std::string_view kNoRender = "the process said what no render says: ";

TEST(RenderHost, T84TakesNothingOnTrust) {
  const auto no_render = [](std::string_view what) { return std::string(kNoRender) + std::string(what); };
  EXPECT_EQ(Hear(RenderTask::Open, Say(RenderFrame::Archive, "")).text, Packer().Number(0).Text("bytes").Take());
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Archive, std::string(70'000, 'x'))).text, "the process asks too long a question");
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Archive, ""), {}, {.max_questions = 3}, 4).text,
            "the process asks too many questions");
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Archive, ""), {}, {.max_answered_bytes = 50}, 3).text, "the process reads too much");
  EXPECT_EQ(Hear(RenderTask::Draft, Say(static_cast<RenderFrame>(99), "")).text, no_render("frame 99"));
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Job, "")).text, no_render("frame 64"));
  EXPECT_EQ(Hear(RenderTask::Draft, {1, ""}).text, no_render("frame 1"));
  const auto failed = [](std::uint64_t reason) { return Say(RenderFrame::Failed, Packer().Number(0).Number(reason).Text("x").Take()); };
  EXPECT_EQ(Hear(RenderTask::Draft, failed(0)).text, "Invalid: x");
  EXPECT_EQ(Hear(RenderTask::Draft, failed(99)).text, no_render("a damaged error"));
  EXPECT_EQ(Hear(RenderTask::Draft, failed(static_cast<std::uint64_t>(Reason::Canceled))).text, no_render("a damaged error"));
  EXPECT_EQ(Hear(RenderTask::Draft, failed(static_cast<std::uint64_t>(Reason::Internal))).text, no_render("a damaged error"));
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Threw, Packer().Text("x").Take())).text, "Internal: the process met an exception: x");
}

TEST(RenderHost, T84LooksUpOnlyWithTheAccountOfTheRelease) {
  const Frame question = Say(RenderFrame::Lookup, Packer().Text("v1").Text("Secret").Text("kube-system").Text("admin").Take());
  EXPECT_EQ(Hear(RenderTask::Draft, question).text, std::string(kNoRender) + "it looks something up, and there is no cluster");
  const auto forbids = [](RenderInput& input) {
    input.render.engine.lookup = [](const auto&, const auto&, const auto&, const auto&) -> Result<helm::Value> {
      return base::MakeError(Reason::Forbidden, "no");
    };
  };
  EXPECT_EQ(Hear(RenderTask::Draft, question, forbids).text,
            Packer().Number(1 + static_cast<std::uint64_t>(Reason::Forbidden)).Text("no").Take());
  EXPECT_EQ(Hear(RenderTask::Open, question, forbids).text, std::string(kNoRender) + "frame 81");
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Lookup, "x"), forbids).text, std::string(kNoRender) + "a damaged question");
  const auto finds_much = [](RenderInput& input) {
    input.render.engine.lookup = [](const auto&, const auto&, const auto&, const auto&) -> Result<helm::Value> {
      return helm::Value::String(std::string(3u << 20, 'x'));
    };
  };
  EXPECT_NE(Hear(RenderTask::Draft, question, finds_much, {.max_answer_bytes = 2u << 20}).text.find("what is there is more than 2 MiB"),
            std::string::npos);
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Host, "x"), forbids).text,
            std::string(kNoRender) + "it asks for addresses, and may not");
  const auto zones = [](RenderInput& input) { input.render.engine.functions.zone = helm::ReadSystemZone; };
  EXPECT_EQ(Hear(RenderTask::Draft, Say(RenderFrame::Zone, "../../../etc/passwd"), zones).text,
            Packer().Number(1 + static_cast<std::uint64_t>(Reason::NotFound)).Text("no such zone").Take());
}

TEST(RenderHost, T84ResultsAreTheOwnersAndWithinLimits) {
  const auto draft = [](const std::string& manifest, std::uint64_t hooks = 0) {
    return Say(RenderFrame::Done, Packer().Number(0).Text("notes").Text(manifest).Number(hooks).Text("{}").Take());
  };
  const auto object = [](const std::string& name) {
    return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n  labels: {helm.toolkit.fluxcd.io/name: " + name +
           ", helm.toolkit.fluxcd.io/namespace: team}\n";
  };
  const Spec spec;
  const auto owned = [&](RenderInput& input) { input.post_render = &spec; };
  EXPECT_EQ(Hear(RenderTask::Draft, draft(object("app")), owned).text, "good");
  EXPECT_EQ(Hear(RenderTask::Draft, draft(object("other")), owned).text, std::string(kNoRender) + "an object of another HelmRelease");
  EXPECT_EQ(Hear(RenderTask::Draft, draft(object("other"))).text, "good") << "the older operator has no such labels";
  EXPECT_EQ(Hear(RenderTask::Draft, draft("", 3)).text, std::string(kNoRender) + "a damaged result");
  EXPECT_EQ(Hear(RenderTask::Draft, draft("", 1ULL << 60)).text, std::string(kNoRender) + "a damaged result");
  EXPECT_EQ(Hear(RenderTask::Crds, draft("")).text, std::string(kNoRender) + "a damaged result");
  const auto facts = [](const std::string& name, const std::string& version) {
    return Say(RenderFrame::Done, Packer().Number(0).Text(name).Text(version).Text("").Number(1).Take());
  };
  EXPECT_EQ(Hear(RenderTask::Open, facts("web", "1")).text, "good");
  for (const auto& [name, version] : {std::pair("", "1"), {"web", ""}, {"\xff", "1"}})
    EXPECT_EQ(Hear(RenderTask::Open, facts(name, version)).text, std::string(kNoRender) + "a chart that has no name or version");
  EXPECT_EQ(Hear(RenderTask::Open, facts(std::string(100'000, 'x'), "1")).text,
            std::string(kNoRender) + "a chart that has no name or version");
}

}  // namespace
}  // namespace sluice::controller::helm_release
