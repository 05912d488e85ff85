/** An HTTP server for a loaded model: OpenAI's chat protocol with LMDeploy's additions, and a chat page. */
@NullMarked
package io.github.internvl.server;

import org.jspecify.annotations.NullMarked;
