// sources/helm/http_repository.h: a chart repository over http(s): its index and its archives. Credentials go to the repository's own origin, to others only with
// `pass_credentials`, and never along a redirect to another origin (threats T20). Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/task.h"
#include "net/url.h"

namespace sluice::sources::helm_repository {

/// What follows from `text`, the URL of a repository: its path ends in "/" (http) or does not (oci), as Flux writes it. "" stays "".
/// Errors: those of net::ParseUrl.
base::Result<std::string> NormalizeUrl(std::string_view text);
/// Where the index of the repository at `url` is; the query stays.
base::Result<std::string> IndexUrl(std::string_view url);
/// Where `reference`, the URL of an archive as the index has it, leads: relative to the repository, with the repository's query. Invalid: another scheme than
/// http and https.
base::Result<std::string> ChartUrl(std::string_view url, std::string_view reference);

struct HttpRepositoryOptions {
  std::string url;
  std::string username, password;  ///< sent only if both are there; else those in the URL
  net::TlsOptions tls;
  bool pass_credentials = false;
  std::function<bool(const net::Url&)> may_receive;  ///< of other origins, whether they may be sent the login; empty: all
  std::chrono::milliseconds timeout{60'000};
  std::size_t max_index_bytes = 50u << 20;  ///< `--helm-index-max-size`
  std::size_t max_chart_bytes = 10u << 20;  ///< `--helm-chart-max-size`
  net::AnswerLimits answers;
};

class HttpRepository {
 public:
  HttpRepository(boost::asio::io_context& io, HttpRepositoryOptions options);
  ~HttpRepository();
  HttpRepository(const HttpRepository&) = delete;
  HttpRepository& operator=(const HttpRepository&) = delete;

  // Errors of both: Unauthorized, Forbidden, NotFound, Unavailable (with `retry_after` as sent), Invalid, for an answer that is not 200:
  // `failed to fetch http://…/index.yaml : 404 Not Found`; TooLarge; those of net::HttpClient. Messages hold no credentials.

  struct Download {
    std::string bytes, sha256;  ///< hex
  };
  /// The text of the index. TooLarge as soon as more comes than may: `index exceeds the maximum index file size of 52428800 bytes`.
  net::Task<base::Result<Download>> DownloadIndex();
  /// The archive at `reference`, as the index has it. If `digest` (hex, perhaps with `sha256:`) is not empty the bytes must have it.
  net::Task<base::Result<std::string>> DownloadChart(std::string reference, std::string digest);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::sources::helm_repository
