// expat reads the text and tells of elements; what is kept is the text of those whose path is known.
#include "sources/bucket/answers.h"

#include <expat.h>

#include <charconv>
#include <functional>
#include <memory>

#include "net/url.h"

namespace sluice::sources::bucket {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxDepth = 16, kMaxText = 64u << 10;

/// Walks a document; `ended` is told of every element at its end: its path (`ListBucketResult/Contents/Key`) and its own text.
class Walk {
 public:
  using Ended = std::function<void(const std::string& path, const std::string& text)>;
  explicit Walk(Ended ended) : ended_(std::move(ended)), parser_(XML_ParserCreate("UTF-8"), &XML_ParserFree) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Walk::Start, &Walk::End);
    XML_SetCharacterDataHandler(parser_.get(), &Walk::Text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), &Walk::Doctype);
  }

  Result<void> Read(std::string_view xml) {
    if (xml.size() > (256u << 20)) return base::MakeError(base::Reason::TooLarge, "the answer is larger than 256 MiB");
    const XML_Status status = XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), 1);
    if (!refused_.empty()) return Invalid(refused_);
    if (status != XML_STATUS_OK) {
      return Invalid("line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())) + ": " +
                     XML_ErrorString(XML_GetErrorCode(parser_.get())));
    }
    return {};
  }

 private:
  static Walk& Of(void* data) { return *static_cast<Walk*>(data); }
  void Refuse(std::string why) {
    refused_ = std::move(why);
    XML_StopParser(parser_.get(), XML_FALSE);
  }
  static void Start(void* data, const XML_Char* name, const XML_Char**) {
    Walk& self = Of(data);
    if (self.ends_.size() == kMaxDepth) return self.Refuse("elements are nested deeper than 16 levels");
    self.ends_.push_back(self.path_.size());
    if (!self.path_.empty()) self.path_ += '/';
    self.path_ += name;
    self.text_.clear();
  }
  static void End(void* data, const XML_Char*) {
    Walk& self = Of(data);
    self.ended_(self.path_, self.text_);
    self.path_.resize(self.ends_.back());
    self.ends_.pop_back();
    self.text_.clear();
  }
  static void Text(void* data, const XML_Char* text, int size) {
    Walk& self = Of(data);
    if (self.text_.size() + static_cast<std::size_t>(size) > kMaxText) return self.Refuse("a text is longer than 64 KiB");
    self.text_.append(text, static_cast<std::size_t>(size));
  }
  static void Doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) { Of(data).Refuse("it has a document type"); }

  Ended ended_;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  std::string path_, text_, refused_;
  std::vector<std::size_t> ends_;  // length of path_ before each open element
};

std::string Unquoted(std::string_view etag) {
  if (etag.starts_with('"')) etag.remove_prefix(1);
  if (etag.ends_with('"')) etag.remove_suffix(1);
  return std::string(etag);
}

/// What of a listing is being put together.
struct Reading {
  ListingPage page;
  Item item;
  std::string failure;
  bool url_encoded = false;

  void Take(const std::string& path, const std::string& text) {
    if (path == "ListBucketResult/Contents/Key") {
      item.key = text;
    } else if (path == "ListBucketResult/Contents/ETag") {
      item.etag = Unquoted(text);
    } else if (path == "ListBucketResult/Contents/Size") {
      if (std::from_chars(text.data(), text.data() + text.size(), item.size).ec != std::errc())
        failure = "the size \"" + text + "\" is no number";
    } else if (path == "ListBucketResult/Contents") {
      if (item.key.empty()) failure = "an object has no key";
      page.items.push_back(std::exchange(item, {}));
    } else if (path == "ListBucketResult/IsTruncated") {
      page.truncated = text == "true";
    } else if (path == "ListBucketResult/NextContinuationToken") {
      page.continuation = text;
    } else if (path == "ListBucketResult/EncodingType") {
      url_encoded = text == "url";
    }
  }
};

}  // namespace

Result<ListingPage> ParseListing(std::string_view xml) {
  Reading reading;
  bool is_listing = false;
  Walk walk([&](const std::string& path, const std::string& text) {
    reading.Take(path, text);
    is_listing = path == "ListBucketResult";
  });
  TRY(walk.Read(xml));
  if (!is_listing) return Invalid("it is no ListBucketResult");
  if (!reading.failure.empty()) return Invalid(reading.failure);
  if (reading.page.truncated && reading.page.continuation.empty()) return Invalid("there are more objects, but no NextContinuationToken");
  if (reading.url_encoded) {
    for (Item& item : reading.page.items) {
      TRY(item.key, net::Unescape(item.key, true));
    }
  }
  return std::move(reading.page);
}

Result<std::string> ParseLocation(std::string_view xml) {
  std::string region;
  bool is_location = false;
  Walk walk([&](const std::string& path, const std::string& text) {
    is_location = path == "LocationConstraint";
    if (is_location) region = text;
  });
  TRY(walk.Read(xml));
  if (!is_location) return Invalid("it is no LocationConstraint");
  if (region.empty()) return std::string("us-east-1");
  return region == "EU" ? std::string("eu-west-1") : region;
}

ServiceError ParseServiceError(std::string_view xml) {
  ServiceError out;
  Walk walk([&](const std::string& path, const std::string& text) {
    if (path == "Error/Code") out.code = text;
    if (path == "Error/Message") out.message = text;
    if (path == "Error/Region") out.region = text;
  });
  if (!walk.Read(xml)) return {};
  return out;
}

}  // namespace sluice::sources::bucket
