// sources/bucket/answers.h: the XML that an S3 service answers with. Pure; the text is a stranger's: no document type, no entities beyond XML's own five,
// nesting and sizes are bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources::bucket {

/// An object of a bucket, as a listing has it.
struct Item {
  std::string key;
  std::string etag;  ///< without its quotes
  std::uint64_t size = 0;
};

/// A page of ListObjectsV2 that was asked for with `encoding-type=url`.
struct ListingPage {
  std::vector<Item> items;
  bool truncated = false;
  std::string continuation;  ///< names the next page
};

/// Invalid: no XML, or no listing; a key without a name; a truncated page that does not say how to go on.
base::Result<ListingPage> ParseListing(std::string_view xml);

/// `<LocationConstraint>eu-west-1</LocationConstraint>`; "" is us-east-1, "EU" eu-west-1.
base::Result<std::string> ParseLocation(std::string_view xml);

/// `<Error>`: the service's code (`NoSuchKey`), its words, and the region that it would have been. All empty where it is none.
struct ServiceError {
  std::string code, message, region;
};
ServiceError ParseServiceError(std::string_view xml);

}  // namespace sluice::sources::bucket
