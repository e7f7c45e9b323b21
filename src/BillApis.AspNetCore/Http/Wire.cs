using System.Text.Json;

namespace BillApis.AspNetCore;

/// <summary>The names of enum values as they are written in JSON.</summary>
internal static class Wire
{
    public static string? Name<TEnum>(TEnum? value) where TEnum : struct, Enum => value is { } named ? JsonNamingPolicy.SnakeCaseLower.ConvertName(named.ToString()) : null;
}
