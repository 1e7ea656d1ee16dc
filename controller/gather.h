// controller/gather.h: net::ForEach under the name this folder uses.
#pragma once

#include "net/gather.h"

namespace sluice::controller {

using net::ForEach;

}  // namespace sluice::controller
