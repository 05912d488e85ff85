package io.github.internvl.examples.kotlin

import io.github.internvl.demo.DemoModel
import org.assertj.core.api.Assertions.assertThat
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.io.ByteArrayOutputStream
import java.io.PrintStream

@Timeout(120)
class PictureQuestionsTest {
    @Test
    fun printsAnAnswerInEachWay() {
        val standard = System.out
        val printed = ByteArrayOutputStream()
        System.setOut(PrintStream(printed, true, Charsets.UTF_8))
        try {
            main(DemoModel.sample("shapes.png").toString())
        } finally {
            System.setOut(standard)
        }

        val lines = printed.toString(Charsets.UTF_8).lines().filter { it.isNotBlank() }
        assertThat(lines).hasSize(5)
        assertThat(lines[0]).isEqualTo(lines[1])
        assertThat(lines[2]).startsWith("[").contains(", ")
        assertThat(lines[3]).isNotEqualTo("no answer in time")
    }
}
