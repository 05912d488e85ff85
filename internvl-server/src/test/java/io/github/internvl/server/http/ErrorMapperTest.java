package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.demo.DemoModel;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ErrorMapperTest {
    @Test
    void tellsATimeThatIsOverFromAFailure() {
        try (InternVL model = InternVL.builder(DemoModel.path()).device("cpu").load()) {
            ErrorMapper errors = new ErrorMapper(model);
            ApiException late = errors.map(new InternVLException("over", new TimeoutException()), "id");
            assertThat(late.status()).isEqualTo(503);
            assertThat(late.body().error()).extracting("code", "message").containsExactly("timeout", "over");
            assertThat(errors.map(new InternVLException("a fault"), "id").status())
                    .isEqualTo(500);
        }
    }
}
