// sources/bucket/client.h: one bucket behind the S3 API, read only: is it there, what is in it, what an object holds. Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"
#include "net/task.h"
#include "sources/bucket/answers.h"
#include "sources/bucket/signature.h"

namespace sluice::sources::bucket {

struct ClientOptions {
  Credentials credentials;  ///< empty: anonymous
  std::string region;       ///< "": the service is asked (us-east-1 where it does not say)
  bool insecure = false;    ///< plain http
  net::TlsOptions tls;
  std::string proxy;
  std::chrono::milliseconds timeout{60'000};  ///< of one request
  std::size_t max_objects = 200'000;          ///< in a listing
  std::uint64_t max_object_bytes = 1u << 30;
  std::size_t max_header_bytes = net::AnswerLimits().max_header_bytes;  ///< of one answer
};

/// Where the requests for a bucket go: `https://s3.example/bucket`, or `https://bucket.s3.amazonaws.com` for the services that know buckets by
/// their host (as minio-go chooses: amazonaws.com, storage.googleapis.com, aliyuncs.com, and no dot in the name over https).
/// Invalid: `endpoint` is more than host[:port]; a bucket's name that could be more than one step of a path.
base::Result<std::string> BucketUrl(std::string_view endpoint, std::string_view bucket, bool insecure);

class Client {
 public:
  /// `url` as BucketUrl makes it. `io` and `clock` outlive it.
  Client(boost::asio::io_context& io, const base::Clock& clock, std::string url, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Errors of all calls: Unauthorized and Forbidden (in the service's words), Unavailable (429, 5xx, no connection; `retry_after` as sent), Timeout, TooLarge, Invalid
  /// (an answer that is none), Canceled. Credentials go to the endpoint alone: redirects are not followed.

  net::Task<base::Result<bool>> Exists();
  /// All objects whose keys begin with `prefix`, in the service's order.
  net::Task<base::Result<std::vector<Item>>> List(std::string prefix);
  struct Object {
    std::string bytes, etag;
  };
  /// NotFound: there is no object of that key.
  net::Task<base::Result<Object>> Read(std::string key);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::sources::bucket
