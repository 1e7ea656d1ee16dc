// net/asio_src.cpp: the one place where the non-template parts of Asio and Beast are compiled (see CMakeLists.txt).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
