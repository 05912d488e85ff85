@file:JvmName("Requests")

package io.github.internvl.kotlin

import io.github.internvl.ChatRequest
import io.github.internvl.ChatRequest.Tiling
import io.github.internvl.GenerationConfig
import io.github.internvl.InvalidRequestException
import io.github.internvl.Message
import io.github.internvl.Tool
import io.github.internvl.vision.Image
import io.github.internvl.vision.Video

/** Keeps a block of the builder from calling functions of the block around it. */
@DslMarker
@Target(AnnotationTarget.CLASS, AnnotationTarget.TYPE)
public annotation class RequestDsl

/**
 * A request, built in a block:
 *
 * ```
 * val request = chatRequest {
 *     messages {
 *         system("Answer in one word.")
 *         user("What color is the star?", picture)
 *     }
 *     generation { maxNewTokens(8) }
 * }
 * ```
 *
 * All functions of [ChatRequest.Builder] may be called; a question without a dialogue is `text("…", picture)`.
 *
 * @throws InvalidRequestException if it has no text, or settings that cannot be combined
 */
public fun chatRequest(block: (@RequestDsl ChatRequest.Builder).() -> Unit): ChatRequest =
    ChatRequest.builder().apply(block).build()

/** Sets all generation settings at once, from the defaults on. */
public fun ChatRequest.Builder.generation(block: (@RequestDsl GenerationConfig.Builder).() -> Unit): ChatRequest.Builder =
    generation(GenerationConfig.builder().apply(block).build())

/**
 * Sets the whole dialogue, which ends with a message of the user or the result of a tool.
 *
 * @throws Message.MisplacedException if messages cannot follow each other so
 */
public fun ChatRequest.Builder.messages(block: Dialogue.() -> Unit): ChatRequest.Builder =
    messages(Dialogue().apply(block).messages)

/** The messages of a dialogue, oldest first. Not thread-safe. */
@RequestDsl
public class Dialogue internal constructor() {
    @get:JvmSynthetic
    internal val messages: MutableList<Message> = mutableListOf()

    /** Adds instructions for the whole dialogue. */
    public fun system(text: String) {
        messages += Message.System(text)
    }

    /** Adds a question about pictures, or about none. */
    public fun user(
        text: String,
        vararg images: Image,
    ) {
        messages += Message.User.of(text, *images)
    }

    /** Adds a message of the user whose words and pictures stand in the order of the block. */
    public fun user(block: Contents.() -> Unit) {
        messages += Message.User(Contents().apply(block).contents)
    }

    /** Adds an answer of the model, with the tools that it asked for. */
    public fun assistant(
        text: String,
        calls: List<Tool.Call> = emptyList(),
    ) {
        messages += Message.Assistant(text, calls)
    }

    /** Adds the result of a call. */
    public fun result(
        call: Tool.Call,
        text: String,
    ) {
        messages += Message.ToolResult(call.id(), text)
    }
}

/** The words, and the pictures or the clip, of a user's message in their order. Not thread-safe. */
@RequestDsl
public class Contents internal constructor() {
    @get:JvmSynthetic
    internal val contents: MutableList<Message.Content> = mutableListOf()

    /** Adds words. */
    public fun text(words: String) {
        contents += Message.Text(words)
    }

    /** Adds a picture; where its tiling is open, it is as the request says. */
    public fun picture(
        image: Image,
        tiling: Tiling = Tiling.OPEN,
    ) {
        contents += Message.Picture(image, tiling)
    }

    /** Adds 32 frames of a video, decoded by the calling thread. */
    public fun clip(video: Video) {
        contents += Message.Clip.of(video)
    }

    /** Adds frames of a video, decoded by the calling thread. */
    public fun clip(
        video: Video,
        sampling: Video.Sampling,
    ) {
        contents += Message.Clip.of(video, sampling)
    }
}
