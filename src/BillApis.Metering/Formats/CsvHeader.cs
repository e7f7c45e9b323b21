namespace BillApis.Metering;

/// <summary>The header of a CSV file, and how its rows become events.</summary>
internal sealed class CsvHeader
{
    private const string PropertyPrefix = "properties.";
    private readonly CsvLayout _layout;
    private readonly string[] _names;

    // For each column: the field's place in EventJson.Fields, -1 for a property, -2 for neither.
    private readonly int[] _roles;
    private readonly string?[] _constants = new string?[EventJson.Fields.Length];

    /// <exception cref="BillingException">A column is missing, has no name, or is there twice.</exception>
    private CsvHeader(IReadOnlyList<string> names, CsvLayout layout, bool needsId)
    {
        (_layout, _names) = (layout, [.. names]);
        if (_names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1 || group.Key.Length == 0) is { } wrong)
        {
            throw BillingException.Field("body", wrong.Key.Length == 0 ? "has a column without a name" : $"has the column '{wrong.Key}' twice");
        }

        foreach (var missing in layout.Columns.Values.Concat(layout.Properties).Where(name => !_names.Contains(name)))
        {
            throw BillingException.Field(missing, "is required as a column");
        }

        _roles = [.. _names.Select(RoleOf)];
        for (var i = 0; i < _constants.Length; i++)
        {
            _constants[i] = layout.Constants.GetValueOrDefault(EventJson.Fields[i]);
            if (i < 2 && (i > 0 || needsId) && _constants[i] is null && !_roles.Contains(i))
            {
                throw BillingException.Field(EventJson.Fields[i], "is required as a column");
            }
        }

        for (var i = 0; i < _names.Length; i++)
        {
            _names[i] = _roles[i] == -1 && _names[i].StartsWith(PropertyPrefix, StringComparison.Ordinal) ? _names[i][PropertyPrefix.Length..] : _names[i];
        }
    }

    /// <summary>The header that a row says.</summary>
    public static CsvHeader Of(CsvRow row, CsvLayout layout, bool needsId = true) =>
        row.Problem is { } problem
            ? throw BillingException.Field("body", $"has a header that {problem}")
            : new CsvHeader([.. Enumerable.Range(0, row.Count).Select(column => System.Text.Encoding.UTF8.GetString(row[column]).Trim())], layout, needsId);

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

        for (var i = 0; i < _names.Length; i++)
        {
            var value = row[i];
            if (value.Length == 0 || _roles[i] == -2)
            {
                continue;
            }

            if (_roles[i] >= 0)
            {
                Set(draft, _roles[i], draft.Text(value));
            }
            else
            {
                draft.Add(_names[i], CsvNumber.Is(value) ? PropertyValue.Number(value) : PropertyValue.Of(draft.Text(value)));
            }
        }

        draft.SetProperties("properties");
        return draft.Take();
    }

    private string? IdOf(CsvRow row) => Array.IndexOf(_roles, 0) is >= 0 and var at && at < row.Count ? System.Text.Encoding.UTF8.GetString(row[at]) : null;

    private int RoleOf(string name)
    {
        foreach (var (field, column) in _layout.Columns)
        {
            if (column == name)
            {
                return Array.IndexOf(EventJson.Fields, field);
            }
        }

        var own = _layout.Columns.ContainsKey(name) ? -1 : Array.IndexOf(EventJson.Fields, name);
        return own >= 0 ? own : _layout.Properties.IsEmpty || _layout.Properties.Contains(name) ? -1 : -2;
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
}
