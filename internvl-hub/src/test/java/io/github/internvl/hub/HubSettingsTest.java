package io.github.internvl.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The environment is read as huggingface_hub reads it. */
class HubSettingsTest {
    @TempDir
    Path home;

    @Test
    void hasPythonsDefaults() {
        HubSettings settings = of(Map.of());
        assertThat(settings.endpoint()).isEqualTo(URI.create("https://huggingface.co"));
        assertThat(settings.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
        assertThat(settings.token()).isNull();
        assertThat(settings.offline()).isFalse();
        assertThat(settings.symlinks()).isTrue();
    }

    @Test
    void findsTheCacheWhereverItIsSet() {
        Path xdg = home.resolve("xdg");
        Path base = home.resolve("base");
        Path hub = home.resolve("hub");
        assertThat(of(Map.of("XDG_CACHE_HOME", xdg.toString())).cache()).isEqualTo(xdg.resolve("huggingface/hub"));
        assertThat(of(Map.of("XDG_CACHE_HOME", xdg.toString(), "HF_HOME", base.toString()))
                        .cache())
                .isEqualTo(base.resolve("hub"));
        assertThat(of(Map.of("HF_HOME", base.toString(), "HUGGINGFACE_HUB_CACHE", hub.toString()))
                        .cache())
                .isEqualTo(hub);
        assertThat(of(Map.of("HF_HOME", base.toString(), "HF_HUB_CACHE", hub.toString()))
                        .cache())
                .isEqualTo(hub);
    }

    @Test
    void resolvesHomeAndVariablesInPaths() {
        assertThat(of(Map.of("HF_HOME", "~/models")).cache()).isEqualTo(home.resolve("models/hub"));
        assertThat(of(Map.of("HF_HUB_CACHE", "${BIG}/hub", "BIG", home + "/big"))
                        .cache())
                .isEqualTo(home.resolve("big/hub"));
        assertThat(of(Map.of("HF_HUB_CACHE", home + "/$NONE")).cache()).isEqualTo(home.resolve("$NONE"));
    }

    @Test
    void takesTheTokenOfTheVariableBeforeThatOfTheFile() throws IOException {
        Path file = Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token");
        Files.writeString(file, "hf_file\n");
        assertThat(of(Map.of()).token()).isEqualTo("hf_file");
        assertThat(of(Map.of("HF_TOKEN", " hf_variable\n")).token()).isEqualTo("hf_variable");
        assertThat(of(Map.of("HF_TOKEN", "")).token()).isEqualTo("hf_file");
        assertThat(of(Map.of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).token()).isNull();
        Path other = Files.writeString(home.resolve("other"), "hf_other");
        assertThat(of(Map.of("HF_TOKEN_PATH", other.toString())).token()).isEqualTo("hf_other");
    }

    @Test
    void neverShowsTheToken() {
        assertThat(of(Map.of("HF_TOKEN", "hf_secret")))
                .asString()
                .contains("token=set")
                .doesNotContain("hf_secret");
        assertThatThrownBy(() -> of(Map.of("HF_TOKEN", "hf_sec\nret")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HF_TOKEN")
                .hasMessageNotContaining("hf_sec");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "true", "YES", "On"})
    void goesOffline(String value) {
        assertThat(of(Map.of("HF_HUB_OFFLINE", value)).offline()).isTrue();
        assertThat(of(Map.of("TRANSFORMERS_OFFLINE", value)).offline()).isTrue();
        assertThat(of(Map.of("HF_HUB_DISABLE_SYMLINKS", value)).symlinks()).isFalse();
    }

    @Test
    void takesAMirror() {
        assertThat(of(Map.of("HF_ENDPOINT", "https://mirror.example/hf/")).endpoint())
                .isEqualTo(URI.create("https://mirror.example/hf"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mirror.example", "ftp://mirror.example", "https:///", "not an address"})
    void refusesAnEndpointThatIsNone(String address) {
        assertThatThrownBy(() -> of(Map.of("HF_ENDPOINT", address)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be an http or https address")
                .hasMessageContaining(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"OpenGVLab/InternVL2_5-1B", "a/b", "OpenGVLab/InternVL2_5-78B-MPO", "a_b/c.d-e"})
    void knowsAnId(String id) {
        assertThat(RepoId.parse(id)).get().hasToString(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "InternVL2_5-1B",
                "a/b/c",
                "../b",
                "a/..",
                "/b",
                "a/",
                "a--b/c",
                "a/b.git",
                "a/b c",
                "a\\b",
                "C:/b",
                "a/.b",
                "./b",
                "ä/b"
            })
    void knowsWhatIsNoId(String text) {
        assertThat(RepoId.parse(text)).isEmpty();
    }

    private HubSettings of(Map<String, String> environment) {
        return HubSettings.of(environment, home);
    }
}
