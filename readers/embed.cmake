# cmake -DFOLDER=<readers> -DOUTPUT=<file.cc> -P embed.cmake: writes the JSON files of FOLDER as a C++
# source that defines fovea::BuiltInReaderFiles().
file(GLOB names RELATIVE "${FOLDER}" "${FOLDER}/*.json")
list(SORT names)
set(entries "")
foreach(name IN LISTS names)
  file(READ "${FOLDER}/${name}" json)
  string(FIND "${json}" ")fovea\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${name} holds the end mark of the literal that it is written into")
  endif()
  string(APPEND entries "    {\"readers/${name}\", R\"fovea(${json})fovea\"},\n")
endforeach()
file(WRITE "${OUTPUT}"
"#include \"core/reader/reader_files.h\"

namespace fovea {
namespace {

constexpr ReaderFile kFiles[] = {
${entries}};

}  // namespace

std::span<const ReaderFile> BuiltInReaderFiles() { return kFiles; }

}  // namespace fovea
")
