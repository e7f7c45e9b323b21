using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>Writes every answer: <c>{ success, error, payload, input }</c>, and <c>page</c> for lists.</summary>
internal static class Envelope
{
    public static Task SucceedAsync(HttpContext context, int status, object? payload) =>
        WriteAsync(context, status, writer =>
        {
            writer.WriteBoolean("success", true);
            writer.WriteNull("error");
            writer.WritePropertyName("payload");
            var page = PageParts.Of(payload);
            JsonSerializer.Serialize(writer, page is null ? payload : page.Items, BillingJson.Options);
            if (page is not null)
            {
                writer.WriteStartObject("page");
                writer.WriteString("next_cursor", page.Next is null ? null : Cursor.Write(page.Next));
                writer.WriteBoolean("has_more", page.Next is not null);
                writer.WriteEndObject();
            }
        });

    public static Task FailAsync(HttpContext context, Failure failure)
    {
        if (failure.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (failure.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return WriteAsync(context, failure.Status, writer => WriteError(writer, failure));
    }

    private static void WriteError(Utf8JsonWriter writer, Failure failure)
    {
        writer.WriteBoolean("success", false);
        writer.WriteStartObject("error");
        writer.WriteString("code", failure.Code);
        writer.WriteString("msg", failure.Message);
        writer.WriteStartArray("details");
        foreach (var (field, message) in failure.Details)
        {
            writer.WriteStartObject();
            writer.WriteString("field", field);
            writer.WriteString("msg", message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteNull("payload");
    }

    // Written whole before the first byte is sent, so that a failure on the way cannot leave half an answer.
    private static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        await using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = BillingJson.Options.Encoder }))
        {
            writer.WriteStartObject();
            content(writer);
            writer.WritePropertyName("input");
            EchoedInput.Write(writer, context);
            writer.WriteEndObject();
        }

        await SendAsync(context, status, buffer.WrittenMemory).ConfigureAwait(false);
    }

    /// <summary>Sends an envelope that is written already.</summary>
    public static async Task SendAsync(HttpContext context, int status, ReadOnlyMemory<byte> envelope)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = envelope.Length;
        await context.Response.Body.WriteAsync(envelope, context.RequestAborted).ConfigureAwait(false);
    }

    private sealed record PageParts(object Items, string? Next)
    {
        public static PageParts? Of(object? payload) =>
            payload?.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Page<>)
                ? new PageParts(type.GetProperty(nameof(Page<>.Items))!.GetValue(payload)!, (string?)type.GetProperty(nameof(Page<>.Next))!.GetValue(payload))
                : null;
    }
}
