// rollout/order.h: in which stages and in which order objects are applied and deleted. Flux's rules (flux-contract 6.7, fluxcd/pkg/ssa sort.go).
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "document/object.h"
#include "document/value.h"

namespace sluice::rollout {

enum class Stage {
  Definitions,  ///< CustomResourceDefinition, Namespace, ClusterRole; waited for
  Classes,      ///< kinds whose name ends in `Class`; waited for
  Custom,       ///< kinds of --custom-apply-stage-kinds
  Rest,
};
inline constexpr Stage kStages[] = {Stage::Definitions, Stage::Classes, Stage::Custom, Stage::Rest};
std::string_view ToString(Stage stage);  ///< "definitions", "classes", "custom kinds", "resources"

using CustomStageKinds = std::set<document::GroupKind>;

Stage StageOf(const document::Value& object, const CustomStageKinds& custom);
/// Whether the next stage begins only when all of this one are Current (60 s).
bool IsWaitedFor(Stage stage);

/// Whether `left` is applied before `right` inside of a stage: kinds in Flux's order, then group, kind, namespace, name.
bool AppliedBefore(const document::ObjectId& left, const document::ObjectId& right);

/// In apply order of a stage; equal ids keep their order.
void SortForApply(std::vector<document::Value>& objects);

}  // namespace sluice::rollout
