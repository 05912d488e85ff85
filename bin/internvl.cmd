@echo off
rem Runs the internvl command; builds it first where that has not been done.
setlocal
set "root=%~dp0.."
set "jar=%root%\internvl-cli\target\internvl.jar"
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
if exist "%jar%" goto run
echo internvl: building, which is done once and takes a minute or two 1>&2
call mvn -q -B -ntp -f "%root%\pom.xml" -pl internvl-cli -am -Dmaven.test.skip=true package <nul 1>&2 || exit /b 1
:run
rem Java gets arguments in the system's code page, and this variable whole: the command refuses what that page cannot hold.
set INTERNVL_ARGUMENTS=%*
"%java%" %JAVA_OPTS% -jar "%jar%" %*
