using System.Text.Json;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>Finds the name that an object has twice, which the parser tells without its place.</summary>
internal static class JsonDuplicate
{
    /// <summary>The line and the byte in it that the second one begins at, from 0; of the text's start where there is none.</summary>
    public static (long Line, long Byte) Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var names = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    names.Push(new HashSet<string>(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    names.Pop();
                    break;
                case JsonTokenType.PropertyName when !names.Peek().Add(JsonEvents.Name(ref reader)):
                    var before = json[..(int)reader.TokenStartIndex];
                    return (before.Count((byte)'\n'), before.Length - (before.LastIndexOf((byte)'\n') + 1));
            }
        }

        return (0, 0);
    }
}
