"""What went wrong underneath: lives in the kernel, where keys need it too."""

from hengjian.kernel.causes import cause_of as cause_of
from hengjian.kernel.causes import is_full as is_full
