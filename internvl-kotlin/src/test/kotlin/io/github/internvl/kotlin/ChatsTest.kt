package io.github.internvl.kotlin

import io.github.internvl.ChatRequest
import io.github.internvl.InternVL
import io.github.internvl.InternVLException
import io.github.internvl.InvalidRequestException
import io.github.internvl.OutputFormat
import io.github.internvl.Precision
import io.github.internvl.RequestBudget
import io.github.internvl.demo.DemoModel
import io.github.internvl.vision.Image
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatThrownBy
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.Timeout
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.measureTime

/** A model of one slot, so that a question is answered only after the one before has left it. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatsTest {
    private val shapes = Image.open(DemoModel.sample("shapes.png"))

    private val model =
        InternVL
            .builder(DemoModel.path())
            .device("cpu")
            .precision(Precision.FLOAT32)
            .maxConcurrent(1)
            .load()

    private val endless =
        chatRequest {
            text("Who are you?")
            generation {
                ignoreEnd(true)
                maxNewTokens(MOST)
            }
        }

    @AfterAll
    fun close() = model.close()

    /** Waits until the slot is free, and says how many tokens were generated since a count. */
    private suspend fun generatedAfterwards(before: Long): Long {
        while (model.stats().running() + model.stats().waiting() > 0) {
            delay(1.milliseconds)
        }
        return model.stats().generatedTokens() - before
    }

    private suspend fun awaitRunning() {
        while (model.stats().running() == 0) {
            delay(1.milliseconds)
        }
    }

    @Test
    fun answersAsChatDoes() {
        val expected = model.chat("Is there a green star?", shapes).text()

        val answers = runBlocking { List(4) { async { model.ask("Is there a green star?", shapes) } }.awaitAll() }

        assertThat(answers).allSatisfy { assertThat(it.text()).isEqualTo(expected) }
    }

    @Test
    fun throwsTheExceptionsOfTheModelThemselves() {
        assertThatThrownBy { runBlocking { model.ask("<image> and no picture") } }.isInstanceOf(InvalidRequestException::class.java)
        assertThatThrownBy { runBlocking { model.flow("<image> and no picture").toList() } }
            .isInstanceOf(InvalidRequestException::class.java)
    }

    @Test
    fun failsWithACancelledBudgetAndLeavesTheCoroutineActive() =
        runBlocking {
            val request =
                chatRequest {
                    text("Who are you?")
                    budget(RequestBudget.defaults().apply { cancel() })
                }
            val failures = listOf(runCatching { model.ask(request) }, runCatching { model.flow(request).toList() })

            assertThat(failures).allSatisfy {
                assertThat(it.exceptionOrNull()).isInstanceOf(InternVLException::class.java).hasMessageContaining("budget")
            }
            Unit
        }

    @Test
    fun stopsTheGenerationOfACoroutineThatIsCancelled() =
        runBlocking {
            val before = model.stats().generatedTokens()
            val job = launch { model.ask(endless) }
            awaitRunning()
            job.cancelAndJoin()

            assertThat(generatedAfterwards(before)).isLessThan(MOST.toLong())
            assertThat(model.ask("Is there a green star?", shapes).text()).isNotEmpty()
            Unit
        }

    @Test
    fun stopsTheGenerationWhoseTimeIsOver() =
        runBlocking {
            val before = model.stats().generatedTokens()

            assertThat(withTimeoutOrNull(100.milliseconds) { model.ask(endless) }).isNull()
            assertThat(generatedAfterwards(before)).isLessThan(MOST.toLong())
            Unit
        }

    @Test
    fun flowsThePiecesOfTheAnswer() {
        val request = ChatRequest.of("Describe this image.", shapes)
        val expected = model.chat(request).text()

        val pieces = runBlocking { model.flow(request).toList() }

        assertThat(pieces).hasSizeGreaterThan(1).noneMatch { it.isEmpty() }
        assertThat(pieces.joinToString("")).isEqualTo(expected)
    }

    @Test
    fun startsAGenerationForEachCollector() {
        val answered = model.stats().answered()
        val flow = model.flow("Is there a green star?", shapes)

        val texts = runBlocking { List(2) { flow.toList().joinToString("") } }

        assertThat(model.stats().answered() - answered).isEqualTo(2)
        assertThat(texts[0]).isNotEmpty().isEqualTo(texts[1])
    }

    @Test
    fun stopsTheGenerationOfACollectorThatNeedsNoMore() =
        runBlocking {
            val before = model.stats().generatedTokens()

            assertThat(model.flow(endless).take(2).toList()).hasSize(2)
            assertThat(generatedAfterwards(before)).isLessThan(MOST.toLong())
            Unit
        }

    @Test
    fun stopsTheGenerationOfACollectorThatIsCancelled() =
        runBlocking {
            val before = model.stats().generatedTokens()
            val job = launch(Dispatchers.Default) { model.flow(endless).collect {} }
            awaitRunning()
            job.cancelAndJoin()

            assertThat(generatedAfterwards(before)).isLessThan(MOST.toLong())
            assertThat(model.ask("Is there a green star?", shapes).text()).isNotEmpty()
            Unit
        }

    @Test
    fun leavesTheQueueWithACollectorThatIsCancelled() =
        runBlocking {
            val running = launch { model.ask(endless) }
            awaitRunning()
            val waiting = launch(Dispatchers.Default) { model.flow(endless).collect {} }
            while (model.stats().waiting() == 0) {
                delay(1.milliseconds)
            }
            waiting.cancelAndJoin()
            while (model.stats().waiting() > 0) {
                delay(1.milliseconds)
            }
            assertThat(model.stats().running()).isEqualTo(1)
            running.cancelAndJoin()
            generatedAfterwards(0)
            Unit
        }

    /** The format takes seconds to compile. */
    @Test
    fun endsThePreparationOfACollectorThatIsCancelled() =
        runBlocking {
            val request =
                chatRequest {
                    text("Why?")
                    format(OutputFormat.jsonSchema(SLOW))
                }
            val job = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { model.flow(request).collect {} }
            delay(50.milliseconds)

            assertThat(measureTime { job.cancelAndJoin() }).isLessThan(2000.milliseconds)
            assertThat(model.stats().running() + model.stats().waiting()).isZero()
            Unit
        }

    @Test
    fun waitsForASlowCollector() {
        val request =
            chatRequest {
                text("Who are you?")
                generation {
                    ignoreEnd(true)
                    maxNewTokens(200)
                }
            }
        val expected = model.chat(request).text()

        val pieces = runBlocking { model.flow(request).onEach { delay(2.milliseconds) }.toList() }

        assertThat(pieces.joinToString("")).isEqualTo(expected)
    }

    @Test
    fun refusesAFlowOfSeveralAnswers() {
        val request =
            chatRequest {
                text("Who are you?")
                generation {
                    beams(2)
                }
            }

        assertThatThrownBy { runBlocking { model.flow(request).toList() } }
            .isInstanceOf(InvalidRequestException::class.java)
            .hasMessageContaining("beams cannot be streamed")
    }

    @Test
    fun marksThePiecesOfThinking() {
        val pieces = runBlocking { model.pieces(ChatRequest.of("Is there a green star?", shapes)).toList() }

        assertThat(pieces).isNotEmpty().noneMatch { it.thinking() }
    }

    @Test
    fun failsTheCollectorWhenTheModelIsClosed() {
        val closing = InternVL.load(DemoModel.path())

        assertThatThrownBy {
            runBlocking {
                closing.flow(endless).collect { closing.close() }
            }
        }.isInstanceOf(InternVLException::class.java).hasMessageContaining("closed")
    }

    private companion object {
        const val MOST = 3900
        const val SLOW =
            """{"type":"string","pattern":"(.*a.{50}.*b.{50})","minLength":60,"maxLength":5000,"format":"email"}"""
    }
}
