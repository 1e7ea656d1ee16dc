// The child's side of render_protocol.h. It takes the parent at its word; when the parent is gone, so is the child.
#include <bit>
#include <exception>
#include <new>
#include <utility>

#include "controller/helm_release/notices.h"
#include "controller/helm_release/post_render.h"
#include "controller/helm_release/render_protocol.h"
#include "controller/worker_talk.h"
#include "document/json.h"
#include "helm/chart/dependencies.h"
#include "helm/chart/load.h"
#include "helm/release/draft.h"
#include "helm/release/stored_chart.h"

namespace sluice::controller::helm_release {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;
using isolation::Channel;
using isolation::Frame;
using isolation::Packer;
using isolation::Unpacker;

/// A question and its answer.
class Parent {
 public:
  explicit Parent(Channel& channel) : channel_(channel) {}

  /// The bytes after the leading 0 of the answer.
  Result<std::string> Ask(RenderFrame what, std::string_view bytes) const {
    TRY(std::string answer, AnswerTo(what, bytes));
    return OpenAnswer(std::move(answer));
  }
  Result<std::string> AskText(RenderFrame what, std::string_view bytes) const {
    TRY(std::string answer, AnswerTo(what, bytes));
    return OpenTextAnswer(std::move(answer));
  }

 private:
  Result<std::string> AnswerTo(RenderFrame what, std::string_view bytes) const {
    constexpr std::size_t kMost = 64u << 10;
    if (bytes.size() > kMost) return Invalid("what is asked for has too long a name");
    return AskParent(channel_, static_cast<std::uint8_t>(what), bytes);
  }

  Channel& channel_;
};

/// The chart that was read last: the next job may be of the same one.
struct Kept {
  std::string id;
  helm::Dialect dialect = helm::Dialect::Helm4;
  helm::Chart chart;
};

/// One task, told by a job.
class Render {
 public:
  Render(const Parent& parent, std::optional<Kept>& kept) : parent_(parent), kept_(kept) {}

  /// The body of Done, behind the notices.
  Result<std::string> Run(std::string_view job) {
    Unpacker in(job);
    const auto task = static_cast<RenderTask>(in.Number());
    limits_ = UnpackLimits(in);
    dialect_ = static_cast<helm::Dialect>(in.Number());
    const std::string_view id = in.Text();
    TRY(const helm::Chart* chart, ChartOf(id));
    Packer out;
    if (task == RenderTask::Open) {
      const ChartFacts facts = FactsOf(*chart);
      return out.Text(facts.name).Text(facts.version).Text(facts.app_version).Number(facts.has_crds).Take();
    }
    const helm::Value values = UnpackValue(in);
    if (task == RenderTask::Crds) return Crds(Isolated(*chart), values);
    return Draft(Isolated(*chart), values, in);
  }

  std::vector<std::string> TakeNotices() { return std::move(notices_); }

 private:
  Result<const helm::Chart*> ChartOf(std::string_view id) {
    if (!kept_ || kept_->id != id || kept_->dialect != dialect_) {
      kept_.reset();
      TRY(const std::string archive, parent_.AskText(RenderFrame::Archive, ""));
      TRY(helm::Chart chart, helm::LoadArchive(archive, dialect_));
      kept_.emplace(Kept{.id = std::string(id), .dialect = dialect_, .chart = std::move(chart)});
    }
    return &std::as_const(kept_->chart);
  }

  Result<std::string> Crds(helm::Chart chart, const helm::Value& values) const {
    if (values.IsMap()) TRY(helm::ProcessDependencies(chart, values, dialect_));
    const std::vector<helm::CrdFile> crds = helm::Crds(chart);
    Packer out;
    out.Number(crds.size());
    for (const helm::CrdFile& crd : crds) out.Text(crd.path).Text(*crd.data);
    return out.Take();
  }

  void ReadRender(Unpacker& in, helm::RenderOptions& render) {
    render.dialect = dialect_;
    render.name = in.Text();
    render.ns = in.Text();
    render.revision = static_cast<int>(in.Number());
    for (bool* flag : {&render.is_upgrade, &render.is_install, &render.skip_schema_validation, &render.sub_notes}) *flag = in.Number() != 0;
    const base::TimePoint now{base::TimePoint::duration(static_cast<base::TimePoint::rep>(in.Number()))};
    const bool may_look = in.Number() != 0, may_resolve = in.Number() != 0, notices = in.Number() != 0;
    helm::EngineOptions& engine = render.engine;
    engine.functions.dialect = dialect_;
    engine.functions.now = [now] { return now; };
    engine.functions.zone = [this](std::string_view name) -> std::optional<std::string> {
      Result<std::string> zone = parent_.AskText(RenderFrame::Zone, name);
      return zone ? std::optional(*std::move(zone)) : std::nullopt;
    };
    engine.limits = limits_.render;
    engine.interrupt = RenderTime(limits_);
    if (may_look) {
      engine.lookup = [this](const std::string& api_version, const std::string& kind, const std::string& ns,
                             const std::string& name) -> Result<helm::Value> {
        TRY(const std::string found, parent_.Ask(RenderFrame::Lookup, Packer().Text(api_version).Text(kind).Text(ns).Text(name).Take()));
        Unpacker answer(found);
        return UnpackValue(answer);
      };
    }
    if (may_resolve) engine.host_by_name = [this](const std::string& host) { return parent_.AskText(RenderFrame::Host, host); };
    if (notices) {
      render.notify = [this](const helm::Notice& notice) {
        if (notices_.size() < kMaxNotices) notices_.push_back(notice.text);
      };
    }
    helm::KubeVersion& version = render.capabilities.kube_version;
    for (std::string* text : {&version.version, &version.normalized, &version.major, &version.minor}) *text = in.Text();
    render.capabilities.api_versions.resize(in.Number());
    for (std::string& each : render.capabilities.api_versions) each = in.Text();
  }

  /// As far as --reuse-values looks at it.
  static std::optional<helm::Release> ReadReuse(Unpacker& in) {
    if (in.Number() == 0) return std::nullopt;
    helm::Release release;
    release.config = in.Text();
    if (in.Number() == 0) return release;
    helm::Chart chart;
    chart.metadata.name = in.Text();
    chart.values = UnpackValue(in);
    release.chart = helm::StoreChart(chart, helm::ChartDetail::NoSources);
    return release;
  }

  void ReadPostRender(Unpacker& in, helm::DraftOptions& options) const {
    if (in.Number() == 0) return;
    Spec spec;
    spec.post_renderers =
        document::ParseJson(in.Text()).value();  // what the parent printed; should it be no JSON, the render ends with this exception
    spec.common_metadata = document::ParseJson(in.Text()).value();
    spec.post_render_strategy = static_cast<PostRenderStrategy>(in.Number());
    Key owner;
    owner.ns = in.Text();
    owner.name = in.Text();
    options.strategy = StrategyOf(spec.post_render_strategy);
    options.post_render = MakePostRenderer(spec, owner, limits_);
  }

  Result<std::string> Draft(helm::Chart chart, const helm::Value& values, Unpacker& in) {
    const std::string_view version = in.Text();
    if (!version.empty()) chart.metadata.version = version;
    helm::DraftOptions options;
    ReadRender(in, options.render);
    const std::optional<helm::Release> reuse = ReadReuse(in);
    if (reuse) options.reuse = &*reuse;
    ReadPostRender(in, options);
    std::string chart_json;
    options.chart_json = &chart_json;
    TRY(const helm::Draft draft, helm::MakeDraft(std::move(chart), values, options));
    Packer out;
    out.Text(draft.notes).Text(*draft.manifest).Number(draft.hooks.size());
    for (const helm::ReleaseHook& hook : draft.hooks) {
      out.Text(hook.name).Text(hook.kind).Text(hook.path).Text(hook.manifest);
      PackTexts(out, hook.events);
      out.Number(std::bit_cast<std::uint64_t>(std::int64_t{hook.weight}));
      PackTexts(out, hook.delete_policies);
      PackTexts(out, hook.output_log_policies);
    }
    return out.Text(chart_json).Take();
  }

  const Parent& parent_;
  std::optional<Kept>& kept_;
  Limits limits_;
  helm::Dialect dialect_ = helm::Dialect::Helm4;
  std::vector<std::string> notices_;
};

/// The frame that says what came of a job.
struct LastWord {
  RenderFrame type = RenderFrame::Failed;
  std::string head, body;
};

LastWord Say(Result<std::string> done, const std::vector<std::string>& notices) {
  constexpr std::size_t kMost = 64u << 20;
  if (done && done->size() > kMost)
    done = MakeError(Reason::TooLarge, "what this render comes to is more than " + std::to_string(kMost >> 20) + " MiB: split the chart");
  Packer head;
  head.Number(notices.size());
  for (const std::string& notice : notices) head.Text(std::string_view(notice).substr(0, 4096));
  if (done) return {RenderFrame::Done, head.Take(), *std::move(done)};
  const Error& error = done.error();
  const bool ours =
      error.reason == Reason::Canceled || error.reason == Reason::Internal;  // of a lookup, which the template did not survive
  const Reason reason = ours ? Reason::Unavailable : error.reason;
  head.Number(static_cast<std::uint64_t>(reason)).Text(std::string_view(error.message).substr(0, RenderProtocolLimits().max_message_bytes));
  return {RenderFrame::Failed, head.Take(), ""};
}

LastWord Threw(const std::string& what) { return {RenderFrame::Threw, Packer().Text(what).Take(), ""}; }

LastWord RunJob(std::string_view job, const Parent& parent, std::optional<Kept>& kept) {
  try {
    Render render(parent, kept);
    Result<std::string> done = render.Run(job);
    return Say(std::move(done), render.TakeNotices());
  } catch (const std::bad_alloc& error) {
    return Threw(std::string(error.what()) + ": a render may take " + std::to_string(kRenderMemory >> 20) + " MiB");
  } catch (const std::exception& error) {
    return Threw(error.what());
  } catch (...) {
    return Threw("unknown");
  }
}

}  // namespace

void RenderForParent(Channel& channel, Frame first) {
  const Parent parent(channel);
  std::optional<Kept> kept;
  for (Result<Frame> frame = std::move(first); frame && frame->type == static_cast<std::uint8_t>(RenderFrame::Job);
       frame = channel.Receive()) {
    LastWord word = RunJob(frame->bytes, parent, kept);
    if (!channel.Send(static_cast<std::uint8_t>(word.type), {word.head, word.body})) return;
    word = {};
    GiveBackMemory();
  }
}

}  // namespace sluice::controller::helm_release
