// What bounds outside input, and the processes that work on it.
#include "cli/controller_limits.h"

#include <chrono>
#include <string>
#include <utility>

#include "cli/controller_command.h"
#include "controller/helm_release/render_protocol.h"
#include "controller/worker.h"

namespace sluice::cli {

namespace {

/// Processes of this program, in which a job may take so much time and memory.
isolation::PoolOptions WorkersOf(const ControllerFlags& flags, const controller::TimeLimits& time, std::size_t memory_bytes) {
  const auto cpu = std::chrono::ceil<std::chrono::seconds>(time.cpu);
  const auto wall = std::chrono::ceil<std::chrono::milliseconds>(time.wall);
  return {.command = {"/proc/self/exe", std::string(kBuildWorkerCommand), std::to_string(cpu.count()), std::to_string(memory_bytes)},
          .workers = flags.build_workers,
          .job_deadline = wall + controller::kWorkerGrace};
}

}  // namespace

sources::GitLimits GitLimitsOf(const ControllerFlags& flags) {
  return {.max_disk_bytes = flags.git_max_disk_bytes,
          .max_object_bytes = flags.git_max_object_bytes,
          .max_refs = flags.git_max_refs,
          .max_delta_links = flags.git_max_delta_chain,
          .max_indexing = flags.workers,
          .max_submodules = flags.git_max_submodules,
          .max_submodule_depth = flags.git_max_submodule_depth};
}

base::ParserLimits ParserLimitsOf(const ControllerFlags& flags) {
  return {.max_text_bytes = flags.document_max_bytes,
          .max_depth = flags.document_max_depth,
          .max_nodes = flags.document_max_nodes,
          .max_manifests_bytes = flags.manifests_max_bytes,
          .max_pattern_bytes = flags.regex_max_pattern_bytes,
          .max_program_bytes = flags.regex_max_program_bytes};
}

sources::oci::RegistryLimits RegistryLimitsOf(const ControllerFlags& flags) {
  return {.max_tags = flags.oci_max_tags,
          .max_tag_pages = flags.oci_max_tag_pages,
          .max_signatures = flags.oci_max_signatures,
          .max_manifest_bytes = flags.oci_max_manifest_bytes,
          .answers = {.max_redirects = flags.http_max_redirects, .max_header_bytes = flags.http_max_header_bytes}};
}

controller::Limits LimitsOf(const ControllerFlags& flags, const ControllerSettings& settings) {
  controller::Limits limits{.build_time = settings.build_time, .render_time = settings.render_time, .registry = RegistryLimitsOf(flags)};
  limits.build = {.max_depth = flags.build_max_depth,
                  .max_kustomizations = flags.build_max_kustomizations,
                  .max_objects = flags.build_max_objects,
                  .max_nodes = flags.build_max_nodes,
                  .max_comparisons = flags.build_max_comparisons,
                  .max_bytes = flags.build_max_bytes};
  limits.render = {.max_template_depth = flags.render_max_template_depth,
                   .max_same_include = flags.render_max_include_depth,
                   .max_stack_bytes = flags.render_max_stack_bytes,
                   .max_output_bytes = flags.render_max_output_bytes,
                   .max_steps = flags.render_max_steps};
  limits.sops.max_bytes = flags.sops_max_file_bytes;
  limits.cel.max_cost = flags.cel_max_cost;
  limits.cel.max_regex_bytes = flags.cel_max_pattern_bytes;
  return limits;
}

controller::helm_repository::Limits HelmLimitsOf(const ControllerFlags& flags) {
  return {.max_index_bytes = flags.helm_index_max_size,
          .max_chart_bytes = flags.helm_chart_max_size,
          .max_chart_file_bytes = flags.helm_chart_file_max_size,
          .registry = RegistryLimitsOf(flags)};
}

sources::UnpackLimits ArtifactLimitsOf(const ControllerFlags& flags) {
  return {.max_unpacked_bytes = flags.artifact_max_bytes,
          .max_entries = flags.artifact_max_entries,
          .max_ratio = flags.artifact_max_ratio,
          .max_path_bytes = flags.artifact_max_path_bytes,
          .max_depth = flags.artifact_max_path_depth};
}

controller::kustomization::Builder BuilderOf(const ControllerFlags& flags, const ControllerSettings& settings, const base::Logger& log) {
  if (flags.build_workers == 0) return {};
  return {WorkersOf(flags, settings.build_time, isolation::Limits().memory_bytes), log};
}

controller::helm_release::Renderer RendererOf(const ControllerFlags& flags, const ControllerSettings& settings, const base::Logger& log) {
  if (flags.build_workers == 0) return {};
  const controller::TimeLimits &render = settings.render_time, &post_render = settings.build_time;
  const controller::TimeLimits time{.cpu = render.cpu + post_render.cpu, .wall = render.wall + post_render.wall};
  return {WorkersOf(flags, time, controller::helm_release::kRenderMemory + flags.render_max_stack_bytes), log};
}

}  // namespace sluice::cli
