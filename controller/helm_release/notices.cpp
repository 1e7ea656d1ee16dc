#include "controller/helm_release/notices.h"

namespace sluice::controller::helm_release {

helm::NoticeSink LogNotices(const base::Logger& log) {
  if (!log.Enabled(base::LogLevel::Debug)) return {};
  return [log, left = kMaxNotices](const helm::Notice& notice) mutable {
    if (left-- > 0) log.Debug("chart notice", {{"notice", notice.text}});
  };
}

}  // namespace sluice::controller::helm_release
