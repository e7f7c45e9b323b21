using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Takes the fields of one event after the other as they are read, and what is wrong with them.</summary>
internal sealed class EventDraft
{
    private const int MaxErrors = 20;
    private const string NoInstant = "is not an instant like 2026-02-01T00:00:00Z";
    private const string BadText = "must be valid Unicode";
    private readonly TextCache _texts = new();
    private readonly List<KeyValuePair<string, PropertyValue>> _items = [];
    private readonly List<FieldError> _errors = [];
    private int _seen;

    public string? Id { get; set; }

    /// <summary>Makes an id for an event that has none; it is refused where this is null.</summary>
    public Func<string>? MissingId { get; init; }

    public string? Type { get; set; }

    public string? Customer { get; set; }

    public string? Source { get; set; }

    public Instant? Timestamp { get; set; }

    public SubscriptionId? Subscription { get; set; }

    public UsageProperties Properties { get; private set; } = UsageProperties.None;

    public void Refuse(string field, string problem)
    {
        if (_errors.Count < MaxErrors)
        {
            _errors.Add(new FieldError(field, problem));
        }
    }

    /// <summary>Refuses a field that was there before.</summary>
    /// <param name="bit">The field's own number, 0 to 30.</param>
    /// <param name="field">Its name.</param>
    public void Once(int bit, string field)
    {
        if ((_seen & (1 << bit)) != 0)
        {
            Refuse(field, "is there twice");
        }

        _seen |= 1 << bit;
    }

    /// <summary>The text that the reader stands at; null for null.</summary>
    public string? Text(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType is JsonTokenType.String && TryText(ref reader, out var text))
        {
            return text;
        }

        if (reader.TokenType is not JsonTokenType.Null)
        {
            Refuse(field, reader.TokenType is JsonTokenType.String ? BadText : "must be a string");
            reader.Skip();
        }

        return null;
    }

    public Instant? Time(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType is JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType is not JsonTokenType.String || !EventTime.TryParse(reader.ValueSpan, out var at))
        {
            Refuse(field, NoInstant);
            reader.Skip();
            return null;
        }

        return at;
    }

    public void SetTimestamp(string text, string field)
    {
        if (!EventTime.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var at))
        {
            Refuse(field, NoInstant);
        }

        Timestamp = at;
    }

    public void SetSubscription(string? text, string field)
    {
        if (text is not null && !EntityId.TryParse<SubscriptionId>(text, out _))
        {
            Refuse(field, "is not an id like sub_…");
        }

        Subscription = EntityId.TryParse<SubscriptionId>(text, out var id) ? id : null;
    }

    /// <summary>Reads the object of names and scalars that the reader stands at.</summary>
    public void ReadProperties(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            if (reader.TokenType is not JsonTokenType.Null)
            {
                Refuse(field, "must be an object of names and values");
                reader.Skip();
            }

            return;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isText = TryText(ref reader, out var name);
            reader.Read();
            if (!isText)
            {
                Refuse(field, BadText);
                reader.Skip();
            }
            else
            {
                Add(name, ReadValue(ref reader, field, name));
            }
        }

        SetProperties(field);
    }

    public void Add(string name, PropertyValue value) => _items.Add(KeyValuePair.Create(name, value));

    /// <summary>Adds a property that was not there.</summary>
    public void AddMissing(string name, PropertyValue value)
    {
        if (!_items.Exists(item => item.Key == name))
        {
            Add(name, value);
        }
    }

    /// <summary>Makes properties of what was added.</summary>
    public void SetProperties(string field)
    {
        Properties = UsageProperties.TryOf([.. _items], out var twice) ?? UsageProperties.None;
        if (twice is not null)
        {
            Refuse($"{field}.{twice}", "is there twice");
        }
    }

    /// <summary>The text of valid UTF-8, the same instance for texts that repeat.</summary>
    public string Text(ReadOnlySpan<byte> utf8) => _texts.Get(utf8);

    /// <summary>The event, or what is wrong; the draft is empty for the next one.</summary>
    public ReadEvent Take()
    {
        Id ??= _errors.Count == 0 ? MissingId?.Invoke() : null;
        Require("id", Id);
        Require("type", Type);
        var result = _errors.Count == 0
            ? new ReadEvent(
                new UsageEvent { Id = Id!, Type = Type!, Customer = Customer ?? "", Timestamp = Timestamp, Properties = Properties, SubscriptionId = Subscription, Source = Source ?? UsageEvent.DefaultSource },
                Id,
                [])
            : new ReadEvent(null, Id, [.. _errors]);
        _items.Clear();
        _errors.Clear();
        (Id, Type, Customer, Source, Timestamp, Subscription, Properties, _seen) = (null, null, null, null, null, null, UsageProperties.None, 0);
        return result;
    }

    private void Require(string field, string? value)
    {
        if (value is null && _errors.TrueForAll(error => error.Field != field))
        {
            Refuse(field, "is required");
        }
    }

    private PropertyValue ReadValue(ref Utf8JsonReader reader, string field, string name)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                return PropertyValue.Number(reader.ValueSpan);
            case JsonTokenType.True or JsonTokenType.False:
                return PropertyValue.Of(reader.GetBoolean());
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String when TryText(ref reader, out var text):
                return PropertyValue.Of(text);
            default:
                Refuse($"{field}.{name}", reader.TokenType is JsonTokenType.String ? BadText : "must be a text, a number, true, false or null");
                reader.Skip();
                return default;
        }
    }

    // Only an escape can spell half of a surrogate pair: the bytes themselves were found to be UTF-8 before.
    private bool TryText(ref Utf8JsonReader reader, out string text)
    {
        text = "";
        try
        {
            text = reader.ValueIsEscaped ? reader.GetString()! : _texts.Get(reader.ValueSpan);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
