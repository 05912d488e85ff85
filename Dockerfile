# docker build --target cpu -t internvl .    or --target cuda
FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /src
COPY . .
RUN mvn -B -ntp -pl internvl-cli -am -Dmaven.test.skip=true package

FROM eclipse-temurin:17-jre AS cpu
COPY --from=build /src/internvl-cli/target/internvl.jar /opt/internvl/
COPY --from=build /src/internvl-cli/target/lib /opt/internvl/lib
COPY --from=build /src/models/internvl-demo /opt/models/internvl-demo
ENV LC_ALL=C.UTF-8 HF_HUB_CACHE=/cache/hub DJL_CACHE_DIR=/cache/djl INTERNVL_MODEL=/opt/models/internvl-demo
RUN useradd --system internvl && mkdir /cache && chown internvl /cache
USER internvl
VOLUME /cache
EXPOSE 23333
HEALTHCHECK --start-period=10m CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/23333; printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3; grep -q ' 200 ' <&3"]
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=25", "-jar", "/opt/internvl/internvl.jar", "serve", "--host", "0.0.0.0"]

# libtorch for CUDA 12.8 is 2.5 GB: DJL fetches it into the volume when the first model is loaded.
FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04 AS cuda
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/internvl-cli/target/internvl.jar /opt/internvl/
COPY --from=build /src/internvl-cli/target/lib /opt/internvl/lib
COPY --from=build /src/models/internvl-demo /opt/models/internvl-demo
RUN rm /opt/internvl/lib/pytorch-native-cpu-*.jar
ENV LC_ALL=C.UTF-8 HF_HUB_CACHE=/cache/hub DJL_CACHE_DIR=/cache/djl INTERNVL_MODEL=/opt/models/internvl-demo
RUN useradd --system internvl && mkdir /cache && chown internvl /cache
USER internvl
VOLUME /cache
EXPOSE 23333
HEALTHCHECK --start-period=10m CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/23333; printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3; grep -q ' 200 ' <&3"]
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=25", "-jar", "/opt/internvl/internvl.jar", "serve", "--host", "0.0.0.0"]
