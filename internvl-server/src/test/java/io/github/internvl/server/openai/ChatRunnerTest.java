package io.github.internvl.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.server.http.ApiException;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ChatRunnerTest {
    @Test
    void endsAStreamThatTheModelLeavesOpen() {
        long deadline = Long.MAX_VALUE - 1;
        assertThatCode(() -> ChatRunner.checkDeadline(OptionalLong.empty(), deadline))
                .doesNotThrowAnyException();
        assertThatCode(() -> ChatRunner.checkDeadline(OptionalLong.of(deadline), deadline + 14_000_000_000L))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> ChatRunner.checkDeadline(OptionalLong.of(deadline), deadline + 16_000_000_000L))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        error -> assertThat(error.body().toString()).contains("code=timeout"));
    }
}
