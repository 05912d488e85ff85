package io.github.internvl.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

/** The properties as a developer meets them: in an editor, and in the report of an application that does not start. */
@ExtendWith(OutputCaptureExtension.class)
class PropertiesTest {
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(InternVLAutoConfiguration.class)
    static class Application {}

    @Test
    void saysThatTheModelIsMissing(CapturedOutput output) {
        assertThatThrownBy(PropertiesTest::start).isNotNull();
        assertThat(output).contains("configuration property 'internvl.model'", "OpenGVLab/InternVL2_5-1B", "a folder");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "internvl.model=no-such-folder | 'no such folder, and no hub id either'",
                "internvl.model=src | config.json",
                "internvl.context-length=0 | contextLength must be at least 1",
                "internvl.device=gpu | gpu",
                "internvl.kv-cache.precision=float16 | kvCachePrecision must be INT8",
                "internvl.offload-to-cpu=true | DeviceMap.auto()",
                "internvl.device=cuda:99 | cuda:99",
                "internvl.hub.endpoint=ftp://hub | must be an http or https address",
                "internvl.hub.revision=main | internvl.model is a folder",
            })
    void namesThePropertyThatIsWrong(String property, String reason, CapturedOutput output) {
        assertThatThrownBy(() -> start("internvl.model=" + DemoModel.path(), "internvl.device=cpu", property))
                .isNotNull();
        assertThat(output)
                .contains("configuration property '" + property.substring(0, property.indexOf('=')) + "'", reason);
    }

    @Test
    void namesStaticSlotsBesideASizeInTokens(CapturedOutput output) {
        assertThatThrownBy(() -> start(
                        "internvl.model=" + DemoModel.path(),
                        "internvl.kv-cache.tokens=4096",
                        "internvl.kv-cache.static-slots=true"))
                .isNotNull();
        assertThat(output).contains("configuration property 'internvl.kv-cache.static-slots'", "4096");
    }

    @Test
    void namesTheTokenAndDoesNotShowIt(CapturedOutput output) {
        assertThatThrownBy(() -> start("internvl.model=" + DemoModel.path(), "internvl.hub.token=hf_se cret"))
                .isNotNull();
        assertThat(output)
                .contains("internvl.hub.token: the hub's token must be")
                .doesNotContain("hf_se cret");
    }

    @Test
    void describesEveryPropertyToEditors() throws IOException {
        List<JsonElement> properties = metadata().getAsJsonArray("properties").asList();
        assertThat(properties)
                .extracting(property -> property.getAsJsonObject().get("name").getAsString())
                .contains("internvl.model", "internvl.kv-cache.tokens", "internvl.hub.revision");
        assertThat(properties)
                .allSatisfy(property -> assertThat(
                                property.getAsJsonObject().get("description").getAsString())
                        .endsWith("."));
    }

    private static JsonObject metadata() throws IOException {
        for (URL place : Collections.list(
                PropertiesTest.class.getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
            try (InputStream in = place.openStream()) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                if (text.contains("internvl.model")) {
                    return JsonParser.parseString(text).getAsJsonObject();
                }
            }
        }
        throw new AssertionError("no metadata names internvl.model");
    }

    private static void start(String... properties) {
        SpringApplication application = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(properties)
                .build();
        application.run().close();
    }
}
