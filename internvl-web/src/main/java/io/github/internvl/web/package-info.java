/**
 * Files from the web, fetched under rules that make it safe to follow an address that a stranger wrote: {@link
 * io.github.internvl.web.RemoteMedia}. The HTTP client is OkHttp; the rules are checked here.
 */
@NullMarked
package io.github.internvl.web;

import org.jspecify.annotations.NullMarked;
