package io.github.internvl.kotlin

import io.github.internvl.ChatRequest.Tiling
import io.github.internvl.InvalidRequestException
import io.github.internvl.Message
import io.github.internvl.Tool
import io.github.internvl.demo.DemoModel
import io.github.internvl.vision.Image
import io.github.internvl.vision.Video
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatThrownBy
import org.junit.jupiter.api.Test

class RequestsTest {
    private val shapes = Image.open(DemoModel.sample("shapes.png"))
    private val number = Image.open(DemoModel.sample("number.png"))

    @Test
    fun takesAllFunctionsOfTheBuilder() {
        val request =
            chatRequest {
                text("What is this?", shapes)
                maxTiles(2)
                generation {
                    maxNewTokens(8)
                    temperature(0.5)
                }
            }

        assertThat(request.text()).isEqualTo("What is this?")
        assertThat(request.images()).containsExactly(shapes)
        assertThat(request.tiling()).isEqualTo(Tiling.OPEN.withMaxTiles(2))
        assertThat(request.generation().maxNewTokens()).isEqualTo(8)
        assertThat(request.generation().sampling().enabled()).isTrue()
    }

    @Test
    fun needsAQuestion() {
        assertThatThrownBy { chatRequest {} }.isInstanceOf(InvalidRequestException::class.java)
    }

    @Test
    fun foldsADialogueAsTheListOfItsMessages() {
        val call = Tool.Call("call_0", "count", """{"of": "stars"}""")

        val request =
            chatRequest {
                messages {
                    system("Be brief.")
                    user("What is this?", shapes)
                    assistant("", listOf(call))
                    result(call, "3")
                    user {
                        text("And in this one?")
                        picture(number, Tiling.OPEN.withMaxTiles(1))
                    }
                }
            }

        val same =
            chatRequest {
                messages(
                    listOf(
                        Message.System("Be brief."),
                        Message.User.of("What is this?", shapes),
                        Message.Assistant("", listOf(call)),
                        Message.ToolResult("call_0", "3"),
                        Message.User(
                            listOf(Message.Text("And in this one?"), Message.Picture(number, Tiling.OPEN.withMaxTiles(1))),
                        ),
                    ),
                )
            }
        assertThat(request.systemMessage()).isEqualTo("Be brief.")
        assertThat(request.history()).hasSize(1).isEqualTo(same.history())
        assertThat(request.text()).contains("3").isEqualTo(same.text())
        assertThat(request.images()).containsExactly(number)
        assertThat(request.tiling()).isEqualTo(Tiling.OPEN.withMaxTiles(1))
    }

    @Test
    fun asksAboutFramesOfAClip() {
        val video = Video.of(List(4) { shapes })

        val request =
            chatRequest {
                messages {
                    user {
                        clip(video, Video.Sampling.frames(2))
                        text("What moves?")
                    }
                }
            }

        assertThat(request.hasFrames()).isTrue()
        assertThat(request.images()).hasSize(2)
    }
}
