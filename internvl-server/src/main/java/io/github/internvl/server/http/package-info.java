/**
 * The HTTP side of the server, whatever the protocol: admission, request bodies, limits, errors, metrics, and threads.
 * Internal to the server.
 */
@NullMarked
package io.github.internvl.server.http;

import org.jspecify.annotations.NullMarked;
