namespace BillApis.Metering;

/// <summary>The header of a CSV file, and how its rows become events.</summary>
internal sealed class CsvHeader
{
    private readonly string[] _names;
    private readonly List<Target> _targets = [];
    private readonly string?[] _constants = new string?[EventJson.Fields.Length];
    private readonly List<(string Name, PropertyValue Value)> _constantProperties = [];

    /// <exception cref="BillingException">A column is missing, has no name, or is there twice.</exception>
    private CsvHeader(string[] names, CsvLayout layout, bool needsId)
    {
        _names = names;
        if (_names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1 || group.Key.Length == 0) is { } wrong)
        {
            throw BillingException.Field("body", wrong.Key.Length == 0 ? "has a column without a name" : $"has the column '{wrong.Key}' twice");
        }

        foreach (var missing in layout.Columns.Values.Concat(layout.Properties).Where(name => !_names.Contains(name)))
        {
            throw BillingException.Field(missing, "is required as a column");
        }

        AddTargets(layout);
        AddConstants(layout, needsId);
    }

    /// <summary>The header that a row says.</summary>
    public static CsvHeader Of(CsvRow row, CsvLayout layout, bool needsId = true) =>
        row.Problem is { } problem
            ? throw BillingException.Field("body", $"has a header that {problem}")
            : new CsvHeader([.. Enumerable.Range(0, row.Count).Select(column => System.Text.Encoding.UTF8.GetString(row[column]).Trim())], layout, needsId);

    /// <summary>The column that a field of an event is read from; null where none is.</summary>
    public string? ColumnOf(string field)
    {
        var (own, name) = (Array.IndexOf(EventJson.Fields, field), CsvLayout.PropertyOf(field) ?? field);
        var found = _targets.FindIndex(target => target.Field == own && target.Name == name);
        return found < 0 ? null : _names[_targets[found].Column];
    }

    public ReadEvent Read(CsvRow row, EventDraft draft)
    {
        if (row.Problem is { } problem)
        {
            return ReadEvent.Refused("row", problem);
        }

        if (row.Count != _names.Length)
        {
            return ReadEvent.Refused("row", $"has {row.Count} values, but the header has {_names.Length} columns") with { Id = IdOf(row) };
        }

        for (var i = 0; i < _constants.Length; i++)
        {
            Set(draft, i, _constants[i]);
        }

        foreach (var target in _targets)
        {
            var value = row[target.Column];
            if (value.Length == 0)
            {
                continue;
            }

            if (target.Field >= 0)
            {
                Set(draft, target.Field, draft.Text(value));
            }
            else
            {
                draft.Add(target.Name, CsvNumber.Is(value) ? PropertyValue.Number(value) : PropertyValue.Of(draft.Text(value)));
            }
        }

        foreach (var (name, value) in _constantProperties)
        {
            draft.AddMissing(name, value);
        }

        draft.SetProperties("properties");
        return draft.Take();
    }

    private string? IdOf(CsvRow row) => _targets.FindIndex(target => target.Field == 0) is >= 0 and var id && _targets[id].Column < row.Count ? System.Text.Encoding.UTF8.GetString(row[_targets[id].Column]) : null;

    // A column that is mapped is what the mapping says; of the others, those with a field's own name are that field, unless another column is.
    private void AddTargets(CsvLayout layout)
    {
        var mapsProperties = layout.Columns.Keys.Any(field => CsvLayout.PropertyOf(field) is not null);
        for (var column = 0; column < _names.Length; column++)
        {
            var name = _names[column];
            var mapped = layout.Columns.Where(pair => pair.Value == name).Select(pair => pair.Key).ToList();
            var own = layout.Columns.ContainsKey(name) ? -1 : Array.IndexOf(EventJson.Fields, name);
            if (mapped.Count == 0 && own >= 0)
            {
                mapped.Add(name);
            }

            if (layout.Properties.Contains(name) || (mapped.Count == 0 && layout.Properties.IsEmpty && !mapsProperties))
            {
                mapped.Add(CsvLayout.PropertyPrefix + (CsvLayout.PropertyOf(name) ?? name));
            }

            _targets.AddRange(mapped.Distinct().Select(field => new Target(column, Array.IndexOf(EventJson.Fields, field), CsvLayout.PropertyOf(field) ?? field)));
        }
    }

    private void AddConstants(CsvLayout layout, bool needsId)
    {
        for (var i = 0; i < _constants.Length; i++)
        {
            _constants[i] = layout.Constants.GetValueOrDefault(EventJson.Fields[i]);
            if (i < 2 && (i > 0 || needsId) && _constants[i] is null && !_targets.Exists(target => target.Field == i))
            {
                throw BillingException.Field(EventJson.Fields[i], "is required as a column");
            }
        }

        foreach (var (field, text) in layout.Constants)
        {
            if (CsvLayout.PropertyOf(field) is { } name)
            {
                var bytes = System.Text.Encoding.UTF8.GetBytes(text);
                _constantProperties.Add((name, CsvNumber.Is(bytes) ? PropertyValue.Number(bytes) : PropertyValue.Of(text)));
            }
        }
    }

    private static void Set(EventDraft draft, int field, string? value)
    {
        if (value is null)
        {
            return;
        }

        switch (field)
        {
            case 0:
                draft.Id = value;
                break;
            case 1:
                draft.Type = value;
                break;
            case 2:
                draft.Customer = value;
                break;
            case 3:
                draft.SetTimestamp(value, "timestamp");
                break;
            case 4:
                draft.SetSubscription(value, "subscription_id");
                break;
            default:
                draft.Source = value;
                break;
        }
    }

    /// <summary>What a column is: a field by its place in <see cref="EventJson.Fields"/>, or, where that is -1, a property.</summary>
    private readonly record struct Target(int Column, int Field, string Name);
}
