// What both sides agree on, and the parent's side.
#include "controller/helm_release/render_protocol.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/parser_limits.h"
#include "base/utf8.h"
#include "controller/helm_release/notices.h"
#include "controller/helm_release/post_render.h"
#include "controller/worker_talk.h"
#include "document/json.h"
#include "document/object.h"
#include "helm/functions/functions.h"
#include "helm/release/objects.h"

namespace sluice::controller::helm_release {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using isolation::Frame;
using isolation::Packer;
using isolation::Unpacker;

constexpr std::size_t kMaxQuestion = 64u << 10;

Error NoRenderSaysThat(std::string_view what) { return Invalid("the process said what no render says: " + std::string(what)); }

std::vector<std::uint64_t> NumbersOf(const Limits& limits) {
  const base::ParserLimits& parsers = base::Parsers();
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  return {number(limits.build.max_depth),
          number(limits.build.max_kustomizations),
          number(limits.build.max_objects),
          number(limits.build.max_nodes),
          number(limits.build.max_comparisons),
          number(limits.build.max_bytes),
          number(limits.build_time.cpu.count()),
          number(limits.build_time.wall.count()),
          number(limits.render.max_template_depth),
          number(limits.render.max_same_include),
          number(limits.render.max_stack_bytes),
          number(limits.render.max_output_bytes),
          limits.render.max_steps,
          number(limits.render_time.cpu.count()),
          number(limits.render_time.wall.count()),
          number(parsers.max_text_bytes),
          number(parsers.max_depth),
          number(parsers.max_nodes),
          number(parsers.max_manifests_bytes),
          number(parsers.max_pattern_bytes),
          number(parsers.max_program_bytes)};
}

void PackCapabilities(Packer& to, const helm::Capabilities& capabilities) {
  const helm::KubeVersion& version = capabilities.kube_version;
  to.Text(version.version).Text(version.normalized).Text(version.major).Text(version.minor);
  to.Number(capabilities.api_versions.size());
  for (const std::string& each : capabilities.api_versions) to.Text(each);
}

void PackReuse(Packer& to, const helm::Release* reuse) {
  to.Number(reuse != nullptr);
  if (reuse == nullptr) return;
  to.Text(reuse->config).Number(reuse->chart != nullptr);
  if (reuse->chart == nullptr) return;
  to.Text(reuse->chart->name);
  PackValue(to, helm::StoredValues(*reuse->chart));
}

void PackPostRender(Packer& to, const RenderInput& input) {
  to.Number(input.post_render != nullptr);
  if (input.post_render == nullptr) return;
  const Spec& spec = *input.post_render;
  to.Text(document::EmitJson(spec.post_renderers)).Text(document::EmitJson(spec.common_metadata));
  to.Number(static_cast<std::uint64_t>(spec.post_render_strategy)).Text(input.owner.ns).Text(input.owner.name);
}

std::vector<std::string> ReadTexts(Unpacker& in) {
  std::vector<std::string> out;
  for (std::uint64_t left = in.Count(8); left > 0; --left) out.emplace_back(in.Text());
  return out;
}

}  // namespace

// ---- Both sides ------------------------------------------------------------------------------------------------------------------------

void PackValue(Packer& to, const helm::Value& value) {
  to.Number(static_cast<std::uint64_t>(value.type()));
  switch (value.type()) {
    case helm::Type::String:
    case helm::Type::Bytes: to.Text(value.AsString()); break;
    case helm::Type::Map:
      to.Number(static_cast<std::uint64_t>(value.map()->type)).Number(value.map()->entries.size());
      for (const auto& [key, item] : value.map()->entries) {
        to.Text(key);
        PackValue(to, item);
      }
      break;
    case helm::Type::List:
      to.Number(static_cast<std::uint64_t>(value.list()->type)).Number(value.list()->is_nil).Number(value.list()->items.size());
      for (const helm::Value& item : value.list()->items) PackValue(to, item);
      break;
    case helm::Type::Bool: to.Number(value.AsBool()); break;
    case helm::Type::Float64: to.Number(std::bit_cast<std::uint64_t>(value.AsFloat())); break;
    case helm::Type::Int64:
    case helm::Type::Int: to.Number(std::bit_cast<std::uint64_t>(value.AsSigned())); break;
    case helm::Type::Uint64: to.Number(value.AsUnsigned()); break;
    default: break;  // nothing else is read from YAML
  }
}

helm::Value UnpackValue(Unpacker& in) {
  switch (static_cast<helm::Type>(in.Number())) {
    case helm::Type::String: return helm::Value::String(std::string(in.Text()));
    case helm::Type::Bytes: return helm::Value::Bytes(std::string(in.Text()));
    case helm::Type::Map: {
      helm::Value out = helm::Value::NewMap(static_cast<helm::MapType>(in.Number()));
      auto& entries = out.map()->entries;
      for (std::uint64_t left = in.Count(16); left > 0; --left) {
        std::string key(in.Text());
        entries.insert_or_assign(entries.end(), std::move(key), UnpackValue(in));
      }
      return out;
    }
    case helm::Type::List: {
      helm::Value out = helm::Value::NewList({}, static_cast<helm::ListType>(in.Number()));
      out.list()->is_nil = in.Number() != 0;
      for (std::uint64_t left = in.Count(8); left > 0; --left) out.list()->items.push_back(UnpackValue(in));
      return out;
    }
    case helm::Type::Bool: return helm::Value::Bool(in.Number() != 0);
    case helm::Type::Float64: return helm::Value::Float64(std::bit_cast<double>(in.Number()));
    case helm::Type::Int64: return helm::Value::Int64(std::bit_cast<std::int64_t>(in.Number()));
    case helm::Type::Int: return helm::Value::Int(std::bit_cast<std::int64_t>(in.Number()));
    case helm::Type::Uint64: return helm::Value::Uint64(in.Number());
    case helm::Type::Nil: return helm::Value::Nil();
    default: return {};
  }
}

void PackLimits(Packer& to, const Limits& limits) {
  for (const std::uint64_t number : NumbersOf(limits)) to.Number(number);
}

Limits UnpackLimits(Unpacker& in) {
  const auto time = [&in] { return base::Duration(static_cast<base::Duration::rep>(in.Number())); };
  Limits limits;
  for (std::size_t* number : {&limits.build.max_depth, &limits.build.max_kustomizations, &limits.build.max_objects, &limits.build.max_nodes,
                              &limits.build.max_comparisons, &limits.build.max_bytes})
    *number = in.Number();
  limits.build_time.cpu = time();
  limits.build_time.wall = time();
  limits.render.max_template_depth = static_cast<int>(in.Number());
  limits.render.max_same_include = static_cast<int>(in.Number());
  limits.render.max_stack_bytes = in.Number();
  limits.render.max_output_bytes = in.Number();
  limits.render.max_steps = in.Number();
  limits.render_time.cpu = time();
  limits.render_time.wall = time();
  base::ParserLimits parsers;
  for (std::size_t* number :
       {&parsers.max_text_bytes, &parsers.max_depth, &parsers.max_nodes, &parsers.max_manifests_bytes, &parsers.max_pattern_bytes})
    *number = in.Number();
  parsers.max_program_bytes = static_cast<std::int64_t>(in.Number());
  base::SetParserLimits(parsers);
  return limits;
}

ChartFacts FactsOf(const helm::Chart& chart) {
  return {.name = chart.metadata.name,
          .version = chart.metadata.version,
          .app_version = chart.metadata.app_version,
          .has_crds = !helm::Crds(chart).empty()};
}

// ---- The parent's side -----------------------------------------------------------------------------------------------------------------

std::string PackJob(RenderTask task, const RenderInput& input) {
  Packer out;
  out.Number(static_cast<std::uint64_t>(task));
  PackLimits(out, input.limits);
  out.Number(static_cast<std::uint64_t>(input.chart.dialect)).Text(input.chart.id);
  if (task == RenderTask::Open) return out.Take();
  PackValue(out, input.values);
  if (task == RenderTask::Crds) return out.Take();
  const helm::RenderOptions& render = input.render;
  out.Text(input.version).Text(render.name).Text(render.ns).Number(static_cast<std::uint64_t>(render.revision));
  out.Number(render.is_upgrade).Number(render.is_install).Number(render.skip_schema_validation).Number(render.sub_notes);
  out.Number(static_cast<std::uint64_t>(render.engine.functions.now ? render.engine.functions.now().time_since_epoch().count()
                                                                    : base::TimePoint::rep(0)));
  out.Number(render.engine.lookup != nullptr).Number(render.engine.host_by_name != nullptr).Number(render.notify != nullptr);
  PackCapabilities(out, render.capabilities);
  PackReuse(out, input.reuse);
  PackPostRender(out, input);
  return out.Take();
}

/// As the release's account, whatever the process says.
Result<std::string> RenderHost::Look(std::string_view question) const {
  if (!input_.render.engine.lookup) return NoRenderSaysThat("it looks something up, and there is no cluster");
  Unpacker in(question);
  const std::string api_version(in.Text()), kind(in.Text()), ns(in.Text()), name(in.Text());
  if (!in.finished()) return NoRenderSaysThat("a damaged question");
  const Result<helm::Value> found = input_.render.engine.lookup(api_version, kind, ns, name);
  if (!found) return PackError(found.error());
  Packer answer;
  answer.Number(0);
  PackValue(answer, *found);
  std::string bytes = answer.Take();
  if (bytes.size() <= limits_.max_answer_bytes) return bytes;
  return PackError(MakeError(
      Reason::TooLarge, "lookup of " + kind + ": what is there is more than " + std::to_string(limits_.max_answer_bytes >> 20) + " MiB"));
}

Result<std::optional<std::string>> RenderHost::Hear(const Frame& frame) {
  const auto type = static_cast<RenderFrame>(frame.type);
  if (type == RenderFrame::Done || type == RenderFrame::Failed || type == RenderFrame::Threw) {
    TRY(Conclude(frame));
    return std::optional<std::string>();
  }
  if (++questions_ > limits_.max_questions) return MakeError(Reason::TooLarge, "the process asks too many questions");
  if (frame.bytes.size() > kMaxQuestion) return MakeError(Reason::TooLarge, "the process asks too long a question");
  if (task_ != RenderTask::Draft && type != RenderFrame::Archive) return NoRenderSaysThat("frame " + std::to_string(frame.type));
  const helm::EngineOptions& engine = input_.render.engine;
  std::string answer;
  switch (type) {
    case RenderFrame::Archive: answer = PackAnswer(input_.chart.archive ? *input_.chart.archive : std::string()); break;
    case RenderFrame::Lookup: {
      TRY(answer, Look(frame.bytes));
      break;
    }
    case RenderFrame::Host:
      if (!engine.host_by_name) return NoRenderSaysThat("it asks for addresses, and may not");
      answer = PackAnswer(engine.host_by_name(frame.bytes));
      break;
    case RenderFrame::Zone: {
      std::optional<std::string> zone = engine.functions.zone ? engine.functions.zone(frame.bytes) : std::nullopt;
      answer = zone ? PackAnswer(*std::move(zone)) : PackError(base::NotFound("no such zone"));
      break;
    }
    default: return NoRenderSaysThat("frame " + std::to_string(frame.type));
  }
  answered_ += answer.size();
  if (answered_ > limits_.max_answered_bytes) return MakeError(Reason::TooLarge, "the process reads too much");
  return std::optional(std::move(answer));
}

Result<ChartFacts> RenderHost::ReadFacts(Unpacker& in) const {
  ChartFacts facts;
  for (std::string* text : {&facts.name, &facts.version, &facts.app_version}) {
    *text = in.Text();
    if (text->size() > limits_.max_fact_bytes || !base::IsUtf8(*text)) return NoRenderSaysThat("a chart that has no name or version");
  }
  facts.has_crds = in.Number(1) != 0;
  if (facts.name.empty() || facts.version.empty()) return NoRenderSaysThat("a chart that has no name or version");
  return facts;
}

/// Our labels are what says whose an object is. Where the text is no manifest, the action that is to apply it says so.
Result<void> RenderHost::CheckOwner(std::string_view manifest) const {
  if (input_.post_render == nullptr) return {};
  const auto objects = helm::ParseManifest(manifest);
  if (!objects) return {};
  for (const document::Value& object : *objects) {
    for (const auto& [label, value] : OwnerLabels(input_.owner)) {
      const std::string_view said = document::LabelOf(object, label);
      if (!said.empty() && said != value) return NoRenderSaysThat("an object of another HelmRelease");
    }
  }
  return {};
}

Result<helm::Draft> RenderHost::ReadDraft(Unpacker& in) const {
  helm::Draft draft;
  draft.notes = in.Text();
  draft.manifest = std::make_shared<const std::string>(in.Text());
  const std::uint64_t hooks = in.Count(8);
  if (hooks > limits_.max_hooks) return MakeError(Reason::TooLarge, "the process rendered more hooks than we take");
  for (std::uint64_t left = hooks; left > 0; --left) {
    helm::ReleaseHook& hook = draft.hooks.emplace_back();
    for (std::string* text : {&hook.name, &hook.kind, &hook.path, &hook.manifest}) *text = in.Text();
    hook.events = ReadTexts(in);
    hook.weight = static_cast<int>(std::bit_cast<std::int64_t>(in.Number()));
    hook.delete_policies = ReadTexts(in);
    hook.output_log_policies = ReadTexts(in);
  }
  return draft;
}

Result<RenderOutcome> RenderHost::Read(Unpacker& in) const {
  RenderOutcome outcome;
  switch (task_) {
    case RenderTask::Open: {
      TRY(outcome.facts, ReadFacts(in));
      break;
    }
    case RenderTask::Crds: {
      const std::uint64_t count = in.Count(16);
      if (count > limits_.max_crds) return MakeError(Reason::TooLarge, "the process found more CRDs than we take");
      for (std::uint64_t left = count; left > 0; --left) {
        std::string path(in.Text());
        outcome.crds.push_back({.path = std::move(path), .data = std::make_shared<const std::string>(in.Text())});
      }
      break;
    }
    case RenderTask::Draft: {
      TRY(outcome.draft, ReadDraft(in));
      outcome.chart_json = in.Text();
      break;
    }
  }
  if (!in.finished()) return NoRenderSaysThat("a damaged result");
  if (task_ == RenderTask::Draft) TRY(CheckOwner(*outcome.draft.manifest));
  return outcome;
}

void RenderHost::PassOnNotices(Unpacker& in) {
  std::uint64_t room = kMaxNotices;
  for (std::uint64_t left = in.Count(8); left > 0; --left) {
    const std::string_view text = in.Text();
    if (room == 0 || !input_.render.notify) continue;
    --room;
    input_.render.notify({.text = std::string(text.substr(0, kMaxQuestion))});
  }
}

Result<void> RenderHost::Conclude(const Frame& frame) {
  Unpacker in(frame.bytes);
  const auto type = static_cast<RenderFrame>(frame.type);
  if (type == RenderFrame::Threw) {
    const std::string what(in.Text().substr(0, 1024));
    if (!in.finished()) return NoRenderSaysThat("a damaged exception");
    outcome_.emplace(MakeError(Reason::Internal, "the process met an exception: " + what));
    return {};
  }
  PassOnNotices(in);
  if (type == RenderFrame::Done) {
    TRY(RenderOutcome outcome, Read(in));
    outcome_.emplace(std::move(outcome));
    return {};
  }
  const auto reason = static_cast<Reason>(in.Number(static_cast<std::uint64_t>(Reason::Internal)));
  std::string message(in.Text());
  const bool ours = reason == Reason::Canceled || reason == Reason::Internal;  // what only we say of a process
  if (!in.finished() || ours || message.size() > limits_.max_message_bytes) return NoRenderSaysThat("a damaged error");
  outcome_.emplace(MakeError(reason, std::move(message)));
  return {};
}

}  // namespace sluice::controller::helm_release
