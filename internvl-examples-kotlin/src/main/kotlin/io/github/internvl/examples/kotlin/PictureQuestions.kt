package io.github.internvl.examples.kotlin

import io.github.internvl.ChatRequest
import io.github.internvl.ChatResponse
import io.github.internvl.InternVL
import io.github.internvl.demo.DemoModel
import io.github.internvl.kotlin.ask
import io.github.internvl.kotlin.chatRequest
import io.github.internvl.kotlin.flow
import io.github.internvl.kotlin.generation
import io.github.internvl.kotlin.messages
import io.github.internvl.vision.Image
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds

/** Asks about a picture, the argument or else a sample, in several ways. The property `internvl.model` names another model. */
fun main(vararg arguments: String): Unit =
    runBlocking {
        val picture = Image.open(arguments.firstOrNull()?.let(Path::of) ?: DemoModel.sample("shapes.png"))
        InternVL.load(System.getProperty("internvl.model") ?: DemoModel.path().toString()).use { model ->
            println(describe(model, picture).text())
            printAsItComes(model, picture)
            println(askTogether(model, picture))
            println(inTime(model, picture))
            println(model.ask(dialogue(picture)).text())
        }
    }

private suspend fun describe(
    model: InternVL,
    picture: Image,
): ChatResponse {
    // tag::ask[]
    val response = model.ask("Describe this image.", picture)
    // end::ask[]
    return response
}

private suspend fun printAsItComes(
    model: InternVL,
    picture: Image,
) {
    // tag::flow[]
    model.flow("Describe this image.", picture).collect { piece -> print(piece) }
    println()
    // end::flow[]
}

private suspend fun askTogether(
    model: InternVL,
    picture: Image,
): List<String> {
    // tag::together[]
    val answers =
        coroutineScope {
            listOf("Is there a green star?", "What color is the star?")
                .map { question -> async { model.ask(question, picture).text() } }
                .awaitAll()
        }
    // end::together[]
    return answers
}

private suspend fun inTime(
    model: InternVL,
    picture: Image,
): String {
    // tag::timeout[]
    val response = withTimeoutOrNull(30.seconds) { model.ask("What color is the star?", picture) }
    val text = response?.text() ?: "no answer in time"
    // end::timeout[]
    return text
}

private fun dialogue(picture: Image): ChatRequest {
    // tag::request[]
    val request =
        chatRequest {
            messages {
                system("Answer in one word.")
                user("What color is the star?", picture)
                assistant("Green.")
                user("And the circle?")
            }
            maxTiles(4)
            generation { maxNewTokens(16) }
        }
    // end::request[]
    return request
}
