// controller/bug_report.h: what becomes of an object whose run ended in an exception (threats T78): a bug of ours that its input has met, or memory that was not
// there. The queue keeps the process going and tries again; here the object says so in the end.
#pragma once

#include <string>

#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"

namespace sluice::controller {

/// The last try failed as well: Ready=False and Stalled=True, reason `InternalError`. The error of writing that is logged.
net::Task<void> ReportBug(const Services& services, StatusWriter& writer, kube::SharedObject object, Bug bug);

}  // namespace sluice::controller
