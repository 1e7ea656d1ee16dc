// controller/status_writer.h: writes what changed of an object's status, and nothing if nothing did. What the server answers goes back into the
// store, so that the next run reads its own words before the watch echoes them. Belongs to the I/O thread.
#pragma once

#include <string>

#include "base/result.h"
#include "controller/services.h"
#include "document/value.h"
#include "kube/client.h"
#include "kube/store.h"

namespace sluice::controller {

class StatusWriter {
 public:
  /// `manager` is the field manager that Flux uses for this kind, `finalizer` the one it puts on its objects.
  StatusWriter(kube::Client& client, kube::ObjectStore& store, std::string manager, std::string finalizer = std::string(kFinalizer))
      : client_(client), store_(store), manager_(std::move(manager)), finalizer_(std::move(finalizer)) {}

  /// A merge patch of the difference between `object.status` and `status`, for the version that `object` is: what a cancelled run had sent may arrive after what a newer one
  /// wrote, and would else put its older inventory in the newer one's place. Where the object has moved on meanwhile, the difference to what it is now.
  /// Errors: those of kube::Client::Patch; NotFound if it was deleted, or is another one of that name.
  net::Task<base::Result<kube::SharedObject>> Write(kube::SharedObject object, document::Value status);
  /// Adds or removes our finalizer, with the object's resourceVersion as precondition (Conflict: somebody else was faster; read again).
  net::Task<base::Result<kube::SharedObject>> SetFinalizer(kube::SharedObject object, bool present);

 private:
  net::Task<base::Result<kube::SharedObject>> Send(kube::SharedObject object, document::Value patch, std::string subresource);
  net::Task<base::Result<kube::SharedObject>> ReadAgain(kube::SharedObject object);
  kube::Client& client_;
  kube::ObjectStore& store_;
  std::string manager_, finalizer_;
};

}  // namespace sluice::controller
