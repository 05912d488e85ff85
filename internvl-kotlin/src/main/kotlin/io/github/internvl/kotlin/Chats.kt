@file:JvmName("Chats")

package io.github.internvl.kotlin

import io.github.internvl.ChatRequest
import io.github.internvl.ChatResponse
import io.github.internvl.ChatResponse.Piece
import io.github.internvl.ChatStream
import io.github.internvl.InternVL
import io.github.internvl.InternVLException
import io.github.internvl.InvalidRequestException
import io.github.internvl.QueueFullException
import io.github.internvl.RequestBudget
import io.github.internvl.vision.Image
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.future.await
import kotlinx.coroutines.suspendCancellableCoroutine
import java.util.concurrent.Flow.Publisher
import java.util.concurrent.Flow.Subscriber
import java.util.concurrent.Flow.Subscription
import kotlin.coroutines.resumeWithException

/**
 * Answers a request, and suspends meanwhile: [InternVL.chat] without a blocked thread. The request is checked, and its pictures are
 * tiled, on threads of the model.
 *
 * Cancelling the coroutine ends the preparation, or stops the generation after the present step and frees its slot.
 *
 * @throws InvalidRequestException if tags and pictures do not match, or the prompt is longer than the context
 * @throws QueueFullException if too many requests are waiting
 * @throws InternVLException if computing fails, the request's budget was cancelled, or the model is closed
 */
public suspend fun InternVL.ask(request: ChatRequest): ChatResponse = budgeted { chatAsync(request).await() }

/** Asks a question about pictures, or about none, as [ask] does with a request. */
public suspend fun InternVL.ask(
    text: String,
    vararg images: Image,
): ChatResponse = ask(ChatRequest.of(text, *images))

/**
 * A cold flow of the text of an answer, piece by piece: each collector starts a generation of its own, and a request with a
 * [RequestBudget] is for one collector. Pieces are whole characters, and together the text of the response. Separated thinking is left
 * out; [pieces] has it.
 *
 * Cancelling the collector ends the preparation, or stops the generation after the present step and frees its slot; so does an
 * operator that needs no more, such as `take` or `first`. A slow collector holds up neither the engine nor its answer, whose pieces
 * wait, at most `maxNewTokens` of them.
 *
 * The collector throws what [ask] throws, and [InvalidRequestException] if the request asks for beams or several answers.
 */
public fun InternVL.flow(request: ChatRequest): Flow<String> = published(request, ChatStream::publisher)

/** A flow of the answer to a question about pictures, or about none. */
public fun InternVL.flow(
    text: String,
    vararg images: Image,
): Flow<String> = flow(ChatRequest.of(text, *images))

/** A flow like [flow], of the pieces of thinking and of text. */
public fun InternVL.pieces(request: ChatRequest): Flow<Piece> = published(request, ChatStream::piecePublisher)

private fun <T : Any> InternVL.published(
    request: ChatRequest,
    view: (ChatStream) -> Publisher<T>,
): Flow<T> =
    callbackFlow {
        val stream = budgeted { open(request) }
        try {
            view(stream).subscribe(Sender(this))
            awaitClose()
        } finally {
            stream.close()
        }
    }

/** Keeps the exception of a cancelled budget, which is the one of coroutines, from ending a caller that is active in silence. */
private suspend inline fun <T> budgeted(work: () -> T): T =
    try {
        work()
    } catch (e: CancellationException) {
        currentCoroutineContext().ensureActive()
        throw InternVLException("the request's budget was cancelled before the answer; ask with another one", e)
    }

/** Opens a stream on another thread, as the check of a request and the tiling of its pictures take a while. */
private suspend fun InternVL.open(request: ChatRequest): ChatStream {
    val budget = request.budget() ?: RequestBudget.defaults()
    val cancellable = request.toBuilder().budget(budget).build()
    return suspendCancellableCoroutine { caller ->
        caller.invokeOnCancellation { budget.cancel() }
        Dispatchers.IO.asExecutor().execute {
            try {
                caller.resume(stream(cancellable)) { _, late, _ -> late.close() }
            } catch (e: Throwable) {
                // the caller throws it
                caller.resumeWithException(e)
            }
        }
    }
}

/** Hands pieces to a collector; the publisher's thread waits while the collector has no room. */
private class Sender<T : Any>(
    private val collector: ProducerScope<T>,
) : Subscriber<T> {
    override fun onSubscribe(subscription: Subscription) = subscription.request(Long.MAX_VALUE)

    override fun onNext(piece: T) {
        collector.trySendBlocking(piece)
    }

    override fun onError(failure: Throwable) {
        collector.close(failure)
    }

    override fun onComplete() {
        collector.close()
    }
}
