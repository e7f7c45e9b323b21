using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Reads a request body as JSON, strictly: UTF-8, no duplicate names, no comments, bounded in size and depth.</summary>
internal static class JsonBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    private const string Json = "application/json";

    public static async Task<JsonElement> ReadAsync(HttpContext context)
    {
        var bytes = await RequestBytes.UnpackAsync(context).ConfigureAwait(false);
        if (bytes.IsEmpty)
        {
            return Empty;
        }

        if (!MediaType.Is(context.Request, Json))
        {
            throw new HttpRefusal(Failure.MediaType(context.Request.ContentType, Json));
        }

        var body = Parse(bytes);
        EchoedInput.Keep(context, body, bytes.Length);
        return body;
    }

    /// <summary>Parses one JSON text.</summary>
    /// <exception cref="BillingException">It is not well-formed; the message says where.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            throw Malformed("must be text in UTF-8");
        }

        try
        {
            var text = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
            using var document = JsonDocument.Parse(text, Strict);
            return MayHoldSurrogates(text.Span) && !IsText(document.RootElement) ? throw Malformed("must not hold half of a surrogate pair") : document.RootElement.Clone();
        }
        catch (InvalidOperationException)
        {
            // What the parser throws for a name that is half of a pair.
            throw Malformed("must not hold half of a surrogate pair");
        }
        catch (JsonException exception)
        {
            var (line, at) = exception.LineNumber is { } before ? (before, exception.BytePositionInLine ?? 0) : JsonDuplicate.Find(bytes.Span.StartsWith("\uFEFF"u8) ? bytes.Span[3..] : bytes.Span);
            throw Malformed($"is not valid JSON (line {line + 1}, byte {at + 1}): {exception.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}");
        }
    }

    /// <summary>Parses one JSON text; null where it is not well-formed.</summary>
    public static JsonElement? TryParse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Parse(bytes);
        }
        catch (BillingException)
        {
            return null;
        }
    }

    // Only an escape can spell half of a pair, and hardly any text has one.
    private static bool MayHoldSurrogates(ReadOnlySpan<byte> text) => text.IndexOf("\\ud"u8) >= 0 || text.IndexOf("\\uD"u8) >= 0;

    private static bool IsText(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(property => property.Name is not null && IsText(property.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsText),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static BillingException Malformed(string problem) =>
        new(BillingErrorCode.Invalid, $"Validation error: the body {problem}") { Details = [new FieldError("body", problem)] };
}
