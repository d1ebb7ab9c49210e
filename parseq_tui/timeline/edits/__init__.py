"""Everything that can change a document, as values: `edit.apply(document)` gives the next document.

One write door: whatever a user, a reload, an undo or a paste does to a document is one of these, applied by the
session. An edit is pure; a document it does not fit raises EditError and nothing has changed.
"""

from parseq_tui.timeline.edits.base import Edit as Edit
from parseq_tui.timeline.edits.base import Repeatable as Repeatable
from parseq_tui.timeline.edits.base import ReplaceDocument as ReplaceDocument
from parseq_tui.timeline.edits.base import Several as Several
from parseq_tui.timeline.edits.blocks import Block as Block
from parseq_tui.timeline.edits.blocks import PasteBlock as PasteBlock
from parseq_tui.timeline.edits.blocks import copy_block as copy_block
from parseq_tui.timeline.edits.bulk import BulkDelete as BulkDelete
from parseq_tui.timeline.edits.bulk import BulkExpression as BulkExpression
from parseq_tui.timeline.edits.bulk import BulkLabel as BulkLabel
from parseq_tui.timeline.edits.bulk import BulkReplace as BulkReplace
from parseq_tui.timeline.edits.bulk import BulkSet as BulkSet
from parseq_tui.timeline.edits.bulk import RowFilter as RowFilter
from parseq_tui.timeline.edits.cells import ClearCells as ClearCells
from parseq_tui.timeline.edits.cells import SetCells as SetCells
from parseq_tui.timeline.edits.cells import SetFormula as SetFormula
from parseq_tui.timeline.edits.cells import SetInfo as SetInfo
from parseq_tui.timeline.edits.cells import SetValue as SetValue
from parseq_tui.timeline.edits.fills import FillDown as FillDown
from parseq_tui.timeline.edits.fills import FillExpression as FillExpression
from parseq_tui.timeline.edits.fills import FillLinear as FillLinear
from parseq_tui.timeline.edits.fills import FillSeries as FillSeries
from parseq_tui.timeline.edits.prompts import AddPrompt as AddPrompt
from parseq_tui.timeline.edits.prompts import ImportPrompts as ImportPrompts
from parseq_tui.timeline.edits.prompts import MovePrompt as MovePrompt
from parseq_tui.timeline.edits.prompts import RemovePrompt as RemovePrompt
from parseq_tui.timeline.edits.prompts import SetCommonPosition as SetCommonPosition
from parseq_tui.timeline.edits.prompts import SetPromptName as SetPromptName
from parseq_tui.timeline.edits.prompts import SetPromptOverlap as SetPromptOverlap
from parseq_tui.timeline.edits.prompts import SetPromptRange as SetPromptRange
from parseq_tui.timeline.edits.prompts import SetPromptsEnabled as SetPromptsEnabled
from parseq_tui.timeline.edits.prompts import SetPromptText as SetPromptText
from parseq_tui.timeline.edits.prompts import SplitPrompt as SplitPrompt
from parseq_tui.timeline.edits.prompts import SpreadPromptsEvenly as SpreadPromptsEvenly
from parseq_tui.timeline.edits.rows import DeleteKeyframes as DeleteKeyframes
from parseq_tui.timeline.edits.rows import InsertKeyframe as InsertKeyframe
from parseq_tui.timeline.edits.rows import KeyframesAt as KeyframesAt
from parseq_tui.timeline.edits.rows import KeyframesAtIntervals as KeyframesAtIntervals
from parseq_tui.timeline.edits.rows import MoveKeyframes as MoveKeyframes
from parseq_tui.timeline.edits.rows import StretchKeyframes as StretchKeyframes
from parseq_tui.timeline.edits.settings import AddTimeSeries as AddTimeSeries
from parseq_tui.timeline.edits.settings import RemoveTimeSeries as RemoveTimeSeries
from parseq_tui.timeline.edits.settings import SetDisplayedFields as SetDisplayedFields
from parseq_tui.timeline.edits.settings import SetLock as SetLock
from parseq_tui.timeline.edits.settings import SetManagedFields as SetManagedFields
from parseq_tui.timeline.edits.settings import SetName as SetName
from parseq_tui.timeline.edits.settings import SetOption as SetOption
from parseq_tui.timeline.edits.settings import SetRenderSetting as SetRenderSetting
from parseq_tui.timeline.edits.settings import SetReverse as SetReverse
from parseq_tui.timeline.edits.timing import SetRates as SetRates
