// base/prometheus.h: metrics as Prometheus reads them (text exposition format 0.0.4). There is no registry: whoever counts owns plain numbers and
// Histograms, and whoever serves /metrics writes them onto a page. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::base {

/// How often a value fell into each of a few ranges. Not thread-safe.
class Histogram {
 public:
  /// `bounds`: the upper ends of the ranges, ascending; they outlive it (constants of the program).
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void Observe(double value);
  std::span<const double> bounds() const { return bounds_; }
  std::uint64_t count() const;
  double sum() const { return sum_; }
  /// How many values were at most bounds()[index].
  std::uint64_t Cumulative(std::size_t index) const;

 private:
  std::span<const double> bounds_;
  std::vector<std::uint32_t> counts_;
  double sum_ = 0;
};

/// `count` bounds from `first` to `last`, each the same factor above the one before (prometheus.ExponentialBucketsRange).
std::vector<double> ExponentialBounds(double first, double last, std::size_t count);

class PrometheusPage {
 public:
  struct Label {
    std::string_view name;
    std::string value;
  };
  using Labels = std::vector<Label>;

  /// Begins a metric: `type` is counter, gauge or histogram. What follows belongs to it.
  void Begin(std::string_view name, std::string_view type, std::string_view help);
  void Add(const Labels& labels, double value);
  void Add(const Labels& labels, std::uint64_t value);
  void Add(const Labels& labels, const Histogram& histogram);
  std::string Take() { return std::move(text_); }

 private:
  void Line(std::string_view suffix, const Labels& labels, std::string_view more, std::string_view value);
  std::string text_, name_;
};

}  // namespace sluice::base
