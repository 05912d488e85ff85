package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.demo.DemoModel;
import java.util.OptionalLong;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailuresTest {
    @Test
    void tellsATimeThatIsOverFromAFailure() {
        try (InternVL model = InternVL.builder(DemoModel.path()).device("cpu").load()) {
            Failures failures = new Failures(model);
            Refusal late = failures.refusal(new InternVLException("over", new TimeoutException()), "id");
            assertThat(late.status()).isEqualTo(503);
            assertThat(late.body().toString()).contains("\"timeout\"", "\"over\"");
            assertThat(failures.refusal(new InternVLException("a fault"), "id").status())
                    .isEqualTo(500);
        }
    }

    @Test
    void endsAStreamThatTheModelLeavesOpen() {
        long deadline = Long.MAX_VALUE - 1;
        assertThatCode(() -> Answers.refuseTooLate(OptionalLong.empty(), deadline))
                .doesNotThrowAnyException();
        assertThatCode(() -> Answers.refuseTooLate(OptionalLong.of(deadline), deadline + 14_000_000_000L))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> Answers.refuseTooLate(OptionalLong.of(deadline), deadline + 16_000_000_000L))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        refusal -> assertThat(refusal.body().toString()).contains("\"timeout\""));
    }
}
