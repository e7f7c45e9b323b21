using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NodaTime;
using NodaTime.Text;

namespace BillApis;

/// <summary>The one JSON form of everything that billing stores or sends: snake_case, exact decimals, UTC instants.</summary>
public static class BillingJson
{
    /// <summary>The options for storage and for the REST surface alike; read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Adds the converters and naming of <see cref="Options"/> to other options.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.MaxDepth = 32;
        options.Converters.Add(new ExactDecimalJson());
        options.Converters.Add(new InstantJson());
        options.Converters.Add(new IntervalJson());
        options.Converters.Add(new CurrencyJson());
        options.Converters.Add(new MoneyJson());
        options.Converters.Add(new ZoneJson());
        options.Converters.Add(new EntityIdJson());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        Configure(options);
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>Decimals as numbers, read from numbers or strings, and never through a binary float.</summary>
internal sealed class ExactDecimalJson : JsonConverter<decimal>
{
    private const int MaxLength = 64;

    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number && length <= MaxLength)
        {
            Span<char> text = stackalloc char[MaxLength];
            var written = reader.TokenType is JsonTokenType.String ? reader.CopyString(text) : Encoding.ASCII.GetChars(Digits(ref reader), text);
            if (Exact.TryParse(text[..written], out var value))
            {
                return value;
            }
        }

        throw new JsonException($"is not a decimal number of at most 15 integer and {Limits.FractionDigits} fractional digits");
    }

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        Exact.Normalize(value).TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    private static ReadOnlySpan<byte> Digits(ref Utf8JsonReader reader) => reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
}

/// <summary>Instants as ISO 8601 in UTC; any offset is read, and anything finer than a microsecond is cut off.</summary>
internal sealed class InstantJson : JsonConverter<Instant>
{
    private static readonly OffsetDateTimePattern WithOffset = OffsetDateTimePattern.Rfc3339;

    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader is { TokenType: JsonTokenType.String, HasValueSequence: false } && InstantText.TryRead(reader.ValueSpan, out var instant))
        {
            return instant;
        }

        var parsed = reader.TokenType is JsonTokenType.String ? WithOffset.Parse(reader.GetString()!) : null;
        return parsed is { Success: true }
            ? Microseconds(parsed.Value.ToInstant())
            : throw new JsonException("is not an instant like 2026-02-01T00:00:00Z");
    }

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[InstantText.MaxLength];
        if (InstantText.TryWrite(value, text, out var length))
        {
            writer.WriteStringValue(text[..length]);
            return;
        }

        writer.WriteStringValue(InstantPattern.ExtendedIso.Format(value));
    }

    private static Instant Microseconds(Instant value) => Instant.FromUnixTimeTicks(value.ToUnixTimeTicks() / 10 * 10);
}

/// <summary>Half-open intervals as <c>{"start": …, "end": …}</c>.</summary>
internal sealed class IntervalJson : JsonConverter<Interval>
{
    private static readonly InstantJson Instants = new();

    private sealed record Bounds(Instant Start, Instant End);

    public override Interval Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<Bounds>(ref reader, options) is { } bounds && bounds.End >= bounds.Start
            ? new Interval(bounds.Start, bounds.End)
            : throw new JsonException("is not a period whose end is not before its start");

    public override void Write(Utf8JsonWriter writer, Interval value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("start"u8);
        Instants.Write(writer, value.Start, options);
        writer.WritePropertyName("end"u8);
        Instants.Write(writer, value.End, options);
        writer.WriteEndObject();
    }
}

internal sealed class CurrencyJson : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String && Currency.TryParse(reader.GetString(), out var currency)
            ? currency
            : throw new JsonException("is not an ISO 4217 currency code");

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options) => writer.WriteStringValue(value.Code);
}

/// <summary>Money as stored: minor units and the currency.</summary>
internal sealed class MoneyJson : JsonConverter<Money>
{
    private sealed record Stored(long Minor, Currency Currency);

    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var stored = JsonSerializer.Deserialize<Stored>(ref reader, options) ?? throw new JsonException("is not money");
        return Money.FromMinorUnits(stored.Minor, stored.Currency);
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber("minor"u8, value.MinorUnits);
        writer.WriteString("currency"u8, value.Currency.Code);
        writer.WriteEndObject();
    }
}

internal sealed class ZoneJson : JsonConverter<DateTimeZone>
{
    public override bool CanConvert(Type typeToConvert) => typeof(DateTimeZone).IsAssignableFrom(typeToConvert);

    public override DateTimeZone Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String && DateTimeZoneProviders.Tzdb.GetZoneOrNull(reader.GetString()!) is { } zone
            ? zone
            : throw new JsonException("is not an IANA time zone like Europe/Paris");

    public override void Write(Utf8JsonWriter writer, DateTimeZone value, JsonSerializerOptions options) => writer.WriteStringValue(value.Id);
}

/// <summary>Typed ids as their text form.</summary>
internal sealed class EntityIdJson : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsValueType && typeToConvert.GetInterfaces().Any(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEntityId<>));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<TId> : JsonConverter<TId> where TId : struct, IEntityId<TId>
    {
        public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String && TryRead(ref reader, out var id) ? id : throw new JsonException($"is not an id like {TId.Prefix}_…");

        public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options)
        {
            Span<char> text = stackalloc char[EntityId.LengthOf<TId>()];
            EntityId.Format(value, text);
            writer.WriteStringValue(text);
        }

        // As most are: nothing is escaped.
        private static bool TryRead(ref Utf8JsonReader reader, out TId id)
        {
            if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length != EntityId.LengthOf<TId>())
            {
                return EntityId.TryParse(reader.GetString(), out id);
            }

            Span<char> text = stackalloc char[EntityId.LengthOf<TId>()];
            return EntityId.TryParse(text[..reader.CopyString(text)], out id);
        }
    }
}
