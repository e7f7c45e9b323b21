using System.Text.Json;

namespace BillApis.AspNetCore;

/// <summary>What a simple type looks like in JSON, in words; types with a converter of their own say it themselves.</summary>
internal static class JsonKind
{
    public static string? Expected(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsEnum: true } named => $"must be one of {string.Join(", ", Names(named))}",
        var known when known == typeof(string) => "must be a string",
        var known when known == typeof(bool) => "must be true or false",
        var known when known == typeof(int) || known == typeof(long) => "must be a whole number",
        _ => null,
    };

    /// <summary>The names of an enum as they are written in JSON.</summary>
    public static IEnumerable<string> Names(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);
}
