# libcurl, for net/ and for the Git transport of sources/, whichever comes first.
include_guard(GLOBAL)
find_package(CURL 7.88 REQUIRED)
sluice_late_library(curl FILE ${CURL_LIBRARIES} INCLUDES ${CURL_INCLUDE_DIRS} SYMBOLS
    curl_easy_cleanup curl_easy_getinfo curl_easy_header curl_easy_init curl_easy_pause curl_easy_reset curl_easy_setopt curl_easy_strerror curl_free
    curl_global_cleanup curl_global_init curl_multi_add_handle curl_multi_cleanup curl_multi_info_read curl_multi_init curl_multi_perform
    curl_multi_poll curl_multi_remove_handle curl_multi_setopt curl_multi_socket_action curl_slist_append curl_slist_free_all curl_url
    curl_url_cleanup curl_url_get curl_url_set)
