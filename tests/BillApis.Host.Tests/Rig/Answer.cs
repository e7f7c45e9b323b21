using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>An answer in the envelope.</summary>
public sealed record Answer(int Status, JsonElement Envelope, ILookup<string, string> Headers)
{
    public JsonElement Payload => Envelope.GetProperty("payload");

    public JsonElement Input => Envelope.GetProperty("input");

    public string? Code => Envelope.GetProperty("error").ValueKind is JsonValueKind.Null ? null : Envelope.GetProperty("error").GetProperty("code").GetString();

    public string Message => Envelope.GetProperty("error").GetProperty("msg").GetString()!;

    public IReadOnlyList<string> Fields => [.. Envelope.GetProperty("error").GetProperty("details").EnumerateArray().Select(detail => detail.GetProperty("field").GetString()!)];

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var envelope = JsonElement.Parse(text);
        response.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
        response.Headers.Contains("X-Request-Id").ShouldBeTrue();
        envelope.EnumerateObject().Select(property => property.Name).Except(["page"]).ShouldBe(["success", "error", "payload", "input"]);
        envelope.GetProperty("success").GetBoolean().ShouldBe(response.IsSuccessStatusCode, text);
        (envelope.GetProperty("error").ValueKind is JsonValueKind.Null).ShouldBe(response.IsSuccessStatusCode, text);
        return new Answer((int)response.StatusCode, envelope, response.Headers.ToLookup(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The payload of an answer that must be a success of this status.</summary>
    public JsonElement Ok(int status = 200)
    {
        Status.ShouldBe(status, Envelope.GetRawText());
        return Payload;
    }

    /// <summary>The answer must be this refusal, and name these fields.</summary>
    public void ShouldFail(int status, string code, params string[] fields)
    {
        Status.ShouldBe(status, Envelope.GetRawText());
        Code.ShouldBe(code);
        Message.ShouldNotBeNullOrWhiteSpace();
        Payload.ValueKind.ShouldBe(JsonValueKind.Null);
        if (fields.Length > 0)
        {
            Fields.ShouldBe(fields, ignoreOrder: true);
        }
    }
}
