#include "kube/small_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sluice::kube {

namespace {
constexpr std::size_t kMaxBytes = 1u << 20;
}

base::Result<std::string> ReadSmallFile(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    const base::Reason reason = errno == ENOENT || errno == ENOTDIR ? base::Reason::NotFound : base::Reason::Invalid;
    return base::MakeError(reason, path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return base::Invalid(path + ": not a regular file");
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kMaxBytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad() || !file.is_open()) return base::Invalid(path + ": cannot be read");
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > kMaxBytes) return base::MakeError(base::Reason::TooLarge, path + ": larger than 1 MiB");
  return bytes;
}

base::Result<std::string> ReadToken(const std::string& path) {
  TRY(std::string token, ReadSmallFile(path));
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty()) return base::Invalid(path + ": the token is empty");
  return token;
}

}  // namespace sluice::kube
