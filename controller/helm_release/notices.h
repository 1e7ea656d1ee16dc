// controller/helm_release/notices.h: what Helm would say of a chart and its values beside the render, for the controller's log.
#pragma once

#include "base/log.h"
#include "helm/chart/notice.h"

namespace sluice::controller::helm_release {

/// Logs notices as debug lines, kMaxNotices of a render at most, without their values, which may come from Secrets. Empty where `log` drops them.
helm::NoticeSink LogNotices(const base::Logger& log);
inline constexpr int kMaxNotices = 100;

}  // namespace sluice::controller::helm_release
