#include "base/prometheus.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::base {
namespace {

/// The shortest text that reads back as `value`; the words for what is no number are Prometheus's.
std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> text;  // 1e-308 in full has that many digits
  const bool plain = value == 0 || (std::fabs(value) >= 1e-4 && std::fabs(value) < 1e15);
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, plain ? std::chars_format::fixed : std::chars_format::scientific).ptr;
  return {text.data(), end};
}

/// `\`, line breaks and, in the value of a label, `"` are escaped; nothing else is special.
void Escape(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quoted) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

void Histogram::Observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
  sum_ += value;
}

std::uint64_t Histogram::Cumulative(std::size_t index) const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= index; ++i) total += counts_[i];
  return total;
}

std::uint64_t Histogram::count() const { return Cumulative(counts_.size() - 1); }

std::vector<double> ExponentialBounds(double first, double last, std::size_t count) {
  const double factor = std::pow(last / first, 1.0 / static_cast<double>(count - 1));
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(first * std::pow(factor, static_cast<double>(i)));
  return out;
}

void PrometheusPage::Begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + " ";
  Escape(text_, help, false);
  text_ += "\n# TYPE " + name_ + " " + std::string(type) + "\n";
}

void PrometheusPage::Line(std::string_view suffix, const Labels& labels, std::string_view more, std::string_view value) {
  text_.append(name_).append(suffix);
  char before = '{';
  for (const Label& label : labels) {
    (text_ += before).append(label.name) += "=\"";
    Escape(text_, label.value, true);
    text_ += '"';
    before = ',';
  }
  if (!more.empty()) (text_ += before).append(more);
  if (!labels.empty() || !more.empty()) text_ += '}';
  (text_ += ' ').append(value) += '\n';
}

void PrometheusPage::Add(const Labels& labels, double value) { Line("", labels, "", Number(value)); }
void PrometheusPage::Add(const Labels& labels, std::uint64_t value) { Line("", labels, "", std::to_string(value)); }

void PrometheusPage::Add(const Labels& labels, const Histogram& histogram) {
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    Line("_bucket", labels, "le=\"" + Number(histogram.bounds()[i]) + "\"", std::to_string(histogram.Cumulative(i)));
  }
  Line("_bucket", labels, "le=\"+Inf\"", std::to_string(histogram.count()));
  Line("_sum", labels, "", Number(histogram.sum()));
  Line("_count", labels, "", std::to_string(histogram.count()));
}

}  // namespace sluice::base
